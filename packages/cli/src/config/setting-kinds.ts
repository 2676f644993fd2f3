// The kinds of values a setting can have. Each accepts what YAML gives (numbers, booleans, strings)
// and what the environment gives (always text), and says in its error what would be right.
import { PassPattern } from '@portolan/connect';
import { HostName } from '@portolan/oci';
import { isIP } from 'node:net';
import { z } from 'zod';
import { ListenAddress } from './listen-address.ts';

function expected(what: string) {
  return { error: `is not ${what}` };
}

export function text() {
  return z.string(expected('text')).trim().min(1, 'is empty');
}

export function wholeNumber(minimum: number, maximum: number = Number.MAX_SAFE_INTEGER) {
  const range =
    maximum === Number.MAX_SAFE_INTEGER ? `of ${minimum} or more` : `from ${minimum} to ${maximum}`;
  const what = expected(`a whole number ${range}`);
  return z
    .union([z.number(), z.string().trim().regex(/^\d+$/).transform(Number)], what)
    .refine((value) => Number.isInteger(value) && value >= minimum && value <= maximum, what);
}

export function trueOrFalse() {
  return z
    .union([z.boolean(), z.enum(['true', 'false'])], expected('true or false'))
    .transform((value) => value === true || value === 'true');
}

export function choice<const Names extends readonly [string, ...string[]]>(names: Names) {
  return z.enum(names, expected(`one of ${names.join(', ')}`));
}

const UNITS = { '': 1, B: 1, KiB: 2 ** 10, MiB: 2 ** 20, GiB: 2 ** 30, TiB: 2 ** 40 } as const;

/** Bytes, as a number or with a unit: `512MiB`. */
export function size() {
  const what = expected('a size such as 536870912, 512MiB or 1GiB');
  const withUnit = z
    .string()
    .trim()
    .regex(/^\d+ ?(?:B|KiB|MiB|GiB|TiB)?$/)
    .transform((value) => {
      const [, digits, unit] = /^(\d+) ?(\w*)$/.exec(value) ?? [];
      return Number(digits) * UNITS[(unit ?? '') as keyof typeof UNITS];
    });
  return z.union([z.number().int().min(0), withUnit], what);
}

/** A YAML list, or text with commas. */
function listOf(what: string) {
  const list = z.string().transform((value) => value.split(','));
  return z
    .union([z.array(z.string()), list], expected(`a list of ${what}`))
    .transform((values) => values.map((value) => value.trim()).filter((value) => value !== ''));
}

/** Registries by name, `NAME` or `NAME=libtrust`. */
export function serviceList() {
  return listOf('names')
    .refine(
      (values) => values.every((value) => /^[^=\s]+(?:=libtrust)?$/.test(value)),
      'is not a list of NAME or NAME=libtrust',
    )
    .transform((values) =>
      values.map((value) => {
        const [name = '', form] = value.split('=');
        return { name, keyId: form === 'libtrust' ? ('libtrust' as const) : ('rfc7638' as const) };
      }),
    );
}

/** DNS names. */
export function hostNameList() {
  return listOf('host names').transform((values, context) => {
    const names = values.map(HostName.find).filter((name) => name !== undefined);
    if (names.length === values.length && !names.some(HostName.endsInNumber)) return names;
    context.addIssue('is not a list of host names such as registry.example.com');
    return z.NEVER;
  });
}

/** `HOST[:PORT]`, with `*` for a first label. */
export function passList() {
  return listOf('hosts').transform((values, context) =>
    values.flatMap((value) => {
      const pattern = PassPattern.find(value);
      if (pattern !== undefined) return [pattern];
      context.addIssue(
        `: ${JSON.stringify(value)} is neither HOST, HOST:PORT nor *.DOMAIN, such as production.cloudfront.docker.com or *.example.com:8443`,
      );
      return [];
    }),
  );
}

/** Addresses and CIDRs. */
export function networkList() {
  return listOf('networks').refine(
    (values) => values.every(isNetwork),
    'is not a list of networks such as 10.0.0.0/8',
  );
}

function isNetwork(cidr: string): boolean {
  const [, address = '', bits] = /^([^/]+)(?:\/(\d{1,3}))?$/.exec(cidr) ?? [];
  const family = isIP(address);
  return family !== 0 && (bits === undefined || Number(bits) <= (family === 4 ? 32 : 128));
}

/** Each of those that is there once more; a port that the system chooses is never the same. */
function repeated(addresses: readonly ListenAddress[]): Set<string> {
  const seen = new Set<string>();
  const again = new Set<string>();
  for (const address of addresses) {
    if (address.kind === 'tcp' && address.port === 0) continue;
    const place = ListenAddress.formatPlace(address);
    if (seen.has(place)) again.add(place);
    seen.add(place);
  }
  return again;
}

/** Where to listen. */
export function listenList() {
  return listOf('addresses')
    .refine((values) => values.length > 0, 'names no address')
    .transform((values, context) =>
      values.flatMap((value) => {
        const address = ListenAddress.parse(value);
        if (!('problem' in address)) return [address];
        const which = values.length > 1 ? `: ${JSON.stringify(value)} ` : '';
        context.addIssue(`${which}${address.problem}`);
        return [];
      }),
    )
    .superRefine((addresses, context) => {
      for (const place of repeated(addresses)) {
        context.addIssue(`names ${place} twice; one address takes one scheme`);
      }
    });
}

function findUrl(value: string): URL | undefined {
  const url = URL.parse(value);
  return url !== null && /^https?:$/.test(url.protocol) ? url : undefined;
}

/** An origin: clients know nothing of a registry but its host and port. */
export function origin() {
  return z
    .string(expected('a URL'))
    .trim()
    .transform((value, context) => {
      const url = findUrl(value);
      if (url !== undefined && url.pathname === '/' && url.search === '' && url.username === '') {
        return url.origin;
      }
      context.addIssue('is not a URL of the form https://registry.example.com, without a path');
      return z.NEVER;
    });
}

export function httpUrl() {
  return z
    .string(expected('a URL'))
    .trim()
    .refine((value) => findUrl(value) !== undefined, 'is not an http:// or https:// URL');
}

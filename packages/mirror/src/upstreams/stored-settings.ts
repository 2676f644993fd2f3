// An upstream's settings as they are kept: what operators may write, checked before it is stored, and
// read back with the defaults for what is not said. Secrets are not among them, but where they are from.
import { X509Certificate } from 'node:crypto';
import { z } from 'zod';
import type { UpstreamSettings } from '../client/upstream-settings.ts';
import { mirrorError } from '../errors.ts';
import { HELPER_NAME } from '../logins/credential-helper.ts';

/** Without credentials. */
export interface PlainUpstreamSettings extends Omit<UpstreamSettings, 'credentials'> {
  /** `docker-credential-<name>` knows them; none are stored then. */
  readonly credentialHelper: string | undefined;
}

const MAX_CA_BYTES = 1024 * 1024;
const MAX_ALLOWED_HOSTS = 100;

function parseUrl(text: string): URL | null {
  const url = URL.parse(text);
  return url !== null && (url.protocol === 'https:' || url.protocol === 'http:') ? url : null;
}

/** An `http(s)://` URL, or without a scheme: then the client finds out which one is spoken. */
function isEndpoint(text: string): boolean {
  const url = parseUrl(text.includes('://') ? text : `https://${text}`);
  if (url === null || url.username !== '' || url.password !== '') return false;
  return url.search === '' && url.hash === '';
}

/** Settings are shown and written to the audit log, so a password has no place in them. */
function isProxy(text: string): boolean {
  const url = parseUrl(text);
  return url !== null && url.username === '' && url.password === '' && url.pathname === '/';
}

function isCertificates(pem: string): boolean {
  const blocks = pem.match(/-----BEGIN CERTIFICATE-----[^-]+-----END CERTIFICATE-----/g) ?? [];
  try {
    return blocks.length > 0 && blocks.every((block) => new X509Certificate(block).subject !== '?');
  } catch {
    return false;
  }
}

const ALLOWED_HOST =
  /^(?:(?:\*\.)?[a-z0-9](?:[a-z0-9.-]{0,251}[a-z0-9])?|\[[0-9a-f:.]{2,45}\])(?::\d{1,5})?$/;

const stored = z.strictObject({
  endpoint: z
    .string()
    .refine(isEndpoint, 'is not an http or https URL without credentials, such as https://r.lan')
    .optional(),
  ca: z
    .string()
    .max(MAX_CA_BYTES, 'is too large')
    .refine(isCertificates, 'is not a certificate, or several, in PEM')
    .optional(),
  verifiesTls: z.boolean().optional(),
  proxy: z
    .string()
    .refine(isProxy, 'is not an http or https URL without credentials, such as http://proxy:3128')
    .optional(),
  requestsPerSecond: z.number('is not a number').positive('is not above 0').max(10_000).optional(),
  bytesPerSecond: z
    .number('is not a number')
    .int('is not a whole number')
    .min(1024, 'is less than 1 KiB')
    .optional(),
  allowedHosts: z
    .array(z.string().toLowerCase().regex(ALLOWED_HOST, 'is not a host, host:port or *.host'))
    .max(MAX_ALLOWED_HOSTS, `are more than ${MAX_ALLOWED_HOSTS}`)
    .optional(),
  credentialHelper: z
    .string()
    .max(64, 'is too long')
    .regex(HELPER_NAME, 'is not the NAME of a program docker-credential-NAME')
    .optional(),
  credentialKind: z.enum(['basic', 'identity-token', 'registry-token']).optional(),
});

export type StoredUpstreamSettings = z.infer<typeof stored>;

/** @throws MirrorError `request-invalid` that names the setting */
export function checkUpstreamSettings(settings: object): StoredUpstreamSettings {
  const result = stored.safeParse(settings);
  if (result.success) return result.data;
  const [issue] = result.error.issues;
  const setting = String(issue?.path[0] ?? 'settings');
  throw mirrorError('request-invalid', `${setting} ${issue?.message ?? 'is not right'}`, {
    setting,
  });
}

/** @throws MirrorError `request-invalid` when a newer version has stored what this one does not know */
export function readUpstreamSettings(host: string, settings: object): PlainUpstreamSettings {
  const known = checkUpstreamSettings(settings);
  return {
    host,
    endpoint: known.endpoint,
    ca: known.ca,
    verifiesTls: known.verifiesTls ?? true,
    proxy: known.proxy,
    requestsPerSecond: known.requestsPerSecond,
    bytesPerSecond: known.bytesPerSecond,
    allowedHosts: known.allowedHosts ?? [],
    credentialHelper: known.credentialHelper,
  };
}

// The names that a certificate holds: DNS names (RFC 1123), a `*` in place of the first label
// (RFC 9525 §6.3), and IP addresses. Lower-case, addresses in their canonical form.
import { isIP } from 'node:net';
import { tlsError } from '../errors.ts';

declare const brand: unique symbol;

/** `registry.lan`, `*.registry.lan`, `10.0.0.1` or `fd00::1`. */
export type CertificateName = string & { readonly [brand]: 'CertificateName' };

const LABEL = '[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?';
const DNS_NAME = new RegExp(String.raw`^(?:\*\.${LABEL}\.)?${LABEL}(?:\.${LABEL})*$`);
const MAX_LENGTH = 253;

function canonicalAddress(text: string): string | undefined {
  const family = isIP(text);
  if (family === 4) return text;
  if (family !== 6 || text.includes('%')) return undefined;
  return URL.parse(`http://[${text}]`)?.hostname.slice(1, -1);
}

function find(text: string): CertificateName | undefined {
  const address = canonicalAddress(text);
  if (address !== undefined) return address as CertificateName;
  const name = text.toLowerCase().replace(/\.$/, '');
  // A name of digits alone would be read as an address by whoever connects.
  if (name.length > MAX_LENGTH || !DNS_NAME.test(name) || /(?:^|\.)\d+$/.test(name)) {
    return undefined;
  }
  return name as CertificateName;
}

/** @throws TlsError `certificate-name-invalid` */
function parse(text: string): CertificateName {
  const name = find(text);
  if (name !== undefined) return name;
  throw tlsError('certificate-name-invalid', `'${text}' cannot be the name of a server`, {
    hint: 'give a DNS name such as registry.lan, a wildcard such as *.registry.lan, or an IP address; a wildcard needs two labels after it',
  });
}

function isAddress(name: CertificateName): boolean {
  return isIP(name) !== 0;
}

/** A file name for it, in a form that no DNS name has where characters had to give way. */
function fileStem(name: CertificateName): string {
  return name.replace('*', '_wildcard').replaceAll(':', '-');
}

/** The wildcard that would stand for it; undefined for a name of one label. */
function wildcardOf(serverName: string): string | undefined {
  const dot = serverName.indexOf('.');
  return dot === -1 ? undefined : `*${serverName.slice(dot)}`;
}

export const CertificateName = { fileStem, find, isAddress, parse, wildcardOf } as const;

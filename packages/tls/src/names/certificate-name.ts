// The names that a certificate holds: DNS names (RFC 1123), a `*` in place of the first label
// (RFC 9525 §6.3), and IP addresses. Lower-case, addresses in their canonical form.
import { HostName } from '@portolan/oci';
import { isIP } from 'node:net';
import { tlsError } from '../errors.ts';

declare const brand: unique symbol;

/** `registry.lan`, `*.registry.lan`, `10.0.0.1` or `fd00::1`. */
export type CertificateName = string & { readonly [brand]: 'CertificateName' };

function canonicalAddress(text: string): string | undefined {
  const family = isIP(text);
  if (family === 4) return text;
  if (family !== 6 || text.includes('%')) return undefined;
  return URL.parse(`http://[${text}]`)?.hostname.slice(1, -1);
}

function findDnsName(text: string): string | undefined {
  const name = HostName.find(text.replace(/\.$/, ''));
  return name === undefined || HostName.endsInNumber(name) ? undefined : name;
}

/** The `*` stands for a label, so a label may stand for it, and the name is as long as before. */
function findWildcard(text: string): string | undefined {
  const name = findDnsName(text.replace('*', 'x'));
  return name !== undefined && name.split('.').length > 2 ? name.replace('x', '*') : undefined;
}

function find(text: string): CertificateName | undefined {
  const findName = text.startsWith('*.') ? findWildcard : findDnsName;
  return (canonicalAddress(text) ?? findName(text)) as CertificateName | undefined;
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

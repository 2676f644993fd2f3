// Which authorities count as ours: the one that issues, and those that it replaced.
//
// - A retired one signs nothing: only `ca.key` is ever opened for that. Its certificate counts while it lies in
//   `ca/` and has not ended; whoever removes the file ends it.
// - Clients get it as long as a certificate here hangs on it, and not after: when all are renewed nobody has to
//   believe a key that may have been the reason for the change.
// - Connections of our own take every one that counts: a proxy shows the certificate of before until it is
//   reloaded, and to say so beats to be refused.
import { X509Certificate } from 'node:crypto';
import {
  type AuthorityFacts,
  findAuthority,
  listRetiredAuthorities,
} from '../authority/authority.ts';
import { listCertificateFiles, readOwnCertificate } from '../certificates/certificate-directory.ts';
import type { CertificateDeps } from '../certificates/certificate-deps.ts';

export interface RetiredAuthority extends AuthorityFacts {
  /** The files here whose certificates it has issued, and that have not ended. */
  readonly certificates: readonly string[];
}

export interface TrustedAuthorities {
  /** The one that issues. */
  readonly authority: AuthorityFacts;
  /** The newest first. */
  readonly retired: readonly RetiredAuthority[];
}

interface OwnCertificate {
  readonly file: string;
  readonly certificate: X509Certificate;
}

export function hasIssued(authority: AuthorityFacts, certificate: X509Certificate): boolean {
  const issuer = new X509Certificate(authority.pem);
  return certificate.checkIssued(issuer) && certificate.verify(issuer.publicKey);
}

/** What cannot be read is served to nobody; `portolan ca show` tells of it. */
async function listHolding({
  directories,
  clock,
}: CertificateDeps): Promise<readonly OwnCertificate[]> {
  const files = await listCertificateFiles(directories.certificates);
  const read = files.map(async (file) => {
    const certificate = await readOwnCertificate(file).catch(() => undefined);
    const isHolding = certificate !== undefined && certificate.validToDate.getTime() > clock();
    return isHolding ? [{ file: file.file, certificate }] : [];
  });
  return (await Promise.all(read)).flat();
}

/** Undefined where there is none. @throws TlsError `authority-invalid` */
export async function findTrustedAuthorities(
  deps: CertificateDeps,
): Promise<TrustedAuthorities | undefined> {
  const { directories, clock } = deps;
  const authority = await findAuthority(directories.authority);
  if (authority === undefined) return undefined;
  const all = await listRetiredAuthorities({ directory: directories.authority, clock });
  // The same after a crash in the middle of the change.
  const retired = all.filter(({ fingerprint }) => fingerprint !== authority.fingerprint);
  if (retired.length === 0) return { authority, retired: [] };
  const holding = await listHolding(deps);
  const certificatesOf = (one: AuthorityFacts): readonly string[] =>
    holding.filter(({ certificate }) => hasIssued(one, certificate)).map(({ file }) => file);
  return {
    authority,
    retired: retired.map((one) => ({ ...one, certificates: certificatesOf(one) })),
  };
}

/** What clients are given, the one that issues first. */
export function authoritiesForClients({
  authority,
  retired,
}: TrustedAuthorities): readonly [AuthorityFacts, ...AuthorityFacts[]] {
  return [authority, ...retired.filter(({ certificates }) => certificates.length > 0)];
}

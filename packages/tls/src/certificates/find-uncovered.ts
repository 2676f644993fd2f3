// Whether we could show a certificate for a name: one of the files is for it, or the authority may issue one.
import { type Authority, openAuthority } from '../authority/authority.ts';
import { readAuthorityCertificate } from '../authority/authority-files.ts';
import { mayIssueFor } from '../authority/issue-certificate.ts';
import type { CertificateName } from '../names/certificate-name.ts';
import { matchCertificate } from './choose-certificate.ts';
import type { CertificateDirectories } from './issue-into-directory.ts';
import { listCertificates } from './list-certificates.ts';

export interface Uncovered {
  readonly names: readonly CertificateName[];
  /** Undefined when there is none. */
  readonly authority: Authority | undefined;
}

/** @throws TlsError `authority-invalid` */
export async function findUncovered(
  directories: CertificateDirectories,
  names: readonly CertificateName[],
): Promise<Uncovered> {
  const isThere = (await readAuthorityCertificate(directories.authority)) !== undefined;
  const authority = isThere ? await openAuthority(directories.authority) : undefined;
  const { certificates } = await listCertificates(directories.certificates);
  const files = certificates.map((facts) => ({ facts }));
  const uncovered = names.filter(
    (name) =>
      matchCertificate(files, name) === undefined &&
      !(authority !== undefined && mayIssueFor(authority, name)),
  );
  return { names: uncovered, authority };
}

// Whether we could show a certificate for a name: one of the files is for it, or the authority may issue one.
import { type Authority, openAuthority } from '../authority/authority.ts';
import { readAuthorityCertificate } from '../authority/authority-files.ts';
import { mayIssueFor } from '../authority/issue-certificate.ts';
import type { CertificateName } from '../names/certificate-name.ts';
import type { CertificateDirectories } from './certificate-deps.ts';
import { readCertificateFiles } from './list-certificates.ts';
import { isCovered } from './lost-names.ts';

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
  const { read } = await readCertificateFiles(directories.certificates);
  const held = read.flatMap(({ facts }) => facts.names);
  const uncovered = names.filter(
    (name) => !isCovered(name, held) && !(authority !== undefined && mayIssueFor(authority, name)),
  );
  return { names: uncovered, authority };
}

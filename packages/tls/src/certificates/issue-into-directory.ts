// Issues certificates into a directory, with the record from which they are renewed.
import { X509Certificate } from 'node:crypto';
import { join } from 'node:path';
import { openAuthority } from '../authority/authority.ts';
import { issueCertificate } from '../authority/issue-certificate.ts';
import { tlsError } from '../errors.ts';
import { CertificateName } from '../names/certificate-name.ts';
import type { CertificateDeps } from './certificate-deps.ts';
import { writeCertificateFile } from './certificate-directory.ts';
import { type CertificateFacts, factsOf } from './certificate-pem.ts';
import { refuseLoss } from './lost-names.ts';
import { type RenewalRecord, writeRenewalRecord } from './renewal-record.ts';
import { replacedNames, replacedNamesElsewhere } from './replaced-names.ts';

export interface IssueIntoRequest {
  readonly names: readonly string[];
  readonly days: number;
  /** For a server elsewhere: written there, and not renewed by us. */
  readonly out?: string | undefined;
  /** The names that the one of before had and this one has not shall end. */
  readonly dropsNames?: boolean;
}

export interface IssuedCertificate extends CertificateFacts {
  /** Absolute when the directory is. */
  readonly path: string;
}

/** Writes certificate and key as one file: there is no moment in which they do not match. */
export async function issueByRecord(
  { directories, clock }: CertificateDeps,
  stem: string,
  record: RenewalRecord,
): Promise<IssuedCertificate> {
  const authority = await openAuthority(directories.authority);
  const made = await issueCertificate(authority, record, clock());
  // The authority itself is the trust anchor, which a server does not send.
  const pem = made.certificate + made.key;
  const file = await writeCertificateFile(directories.certificates, stem, pem);
  const path = join(directories.certificates, file);
  return { ...factsOf(file, new X509Certificate(made.certificate)), path };
}

/**
 * What it replaces was ours, and every name of that stays, unless told otherwise.
 * @throws TlsError `name-refused`, `authority-unknown`, `certificate-exists`, `request-invalid`
 */
export async function issueIntoDirectory(
  deps: CertificateDeps,
  { names, days, out, dropsNames = false }: IssueIntoRequest,
): Promise<IssuedCertificate> {
  const parsed = [...new Set(names.map(CertificateName.parse))];
  const [first] = parsed;
  if (first === undefined) throw tlsError('request-invalid', 'a certificate needs a name');
  const stem = CertificateName.fileStem(first);
  const directory = out ?? deps.directories.certificates;
  const before =
    out === undefined
      ? await replacedNames(directory, stem)
      : await replacedNamesElsewhere(deps, directory, stem);
  if (!dropsNames) refuseLoss(join(directory, `${stem}.pem`), before, { names: parsed, days, out });
  const record: RenewalRecord = { source: 'authority', names: parsed, days };
  const directories = { ...deps.directories, certificates: directory };
  const issued = await issueByRecord({ ...deps, directories }, stem, record);
  if (out === undefined) await writeRenewalRecord(directory, stem, record);
  return issued;
}

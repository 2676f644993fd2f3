// Issues certificates into a directory, with the record from which they are renewed.
import { X509Certificate } from 'node:crypto';
import { access } from 'node:fs/promises';
import { join } from 'node:path';
import { openAuthority } from '../authority/authority.ts';
import { issueCertificate } from '../authority/issue-certificate.ts';
import { tlsError } from '../errors.ts';
import { CertificateName } from '../names/certificate-name.ts';
import { writeCertificateFile } from './certificate-directory.ts';
import { type CertificateFacts, factsOf } from './certificate-pem.ts';
import { readRenewalRecord, type RenewalRecord, writeRenewalRecord } from './renewal-record.ts';

export interface CertificateDirectories {
  /** `ca/` in the data directory. */
  readonly authority: string;
  /** Where servers find their certificates. */
  readonly certificates: string;
}

export interface IssueDeps {
  readonly directories: CertificateDirectories;
  readonly clock: () => number;
}

export interface IssueIntoRequest {
  readonly names: readonly string[];
  readonly days: number;
  /** For a server elsewhere: written there, and not renewed by us. */
  readonly out?: string | undefined;
}

export interface IssuedCertificate extends CertificateFacts {
  /** Absolute when the directory is. */
  readonly path: string;
}

async function isThere(path: string): Promise<boolean> {
  return access(path).then(
    () => true,
    () => false,
  );
}

/** One that somebody brought must not be lost because a name was mistyped. */
async function refuseForeignFile(directory: string, stem: string): Promise<void> {
  const path = join(directory, `${stem}.pem`);
  if ((await readRenewalRecord(directory, stem)) !== undefined || !(await isThere(path))) return;
  throw tlsError('certificate-exists', `${path} is there, and was not issued by us`, {
    hint: 'move it away first',
  });
}

/** Writes certificate and key as one file: there is no moment in which they do not match. */
export async function issueByRecord(
  { directories, clock }: IssueDeps,
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

/** @throws TlsError `name-refused`, `authority-unknown`, `certificate-exists`, `request-invalid` */
export async function issueIntoDirectory(
  deps: IssueDeps,
  { names, days, out }: IssueIntoRequest,
): Promise<IssuedCertificate> {
  const parsed = [...new Set(names.map(CertificateName.parse))];
  const [first] = parsed;
  if (first === undefined) throw tlsError('request-invalid', 'a certificate needs a name');
  const stem = CertificateName.fileStem(first);
  const record: RenewalRecord = { source: 'authority', names: parsed, days };
  if (out !== undefined) {
    const directories = { ...deps.directories, certificates: out };
    return issueByRecord({ ...deps, directories }, stem, record);
  }
  const { certificates } = deps.directories;
  await refuseForeignFile(certificates, stem);
  const issued = await issueByRecord(deps, stem, record);
  await writeRenewalRecord(certificates, stem, record);
  return issued;
}

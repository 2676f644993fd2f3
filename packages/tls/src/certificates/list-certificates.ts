// What there is in the directory of certificates, for whoever wants to see it.
import { listCertificateFiles, readOwnCertificate } from './certificate-directory.ts';
import { type CertificateFacts, factsOf } from './certificate-pem.ts';
import { chooseCertificate } from './choose-certificate.ts';
import { renewalTimeOf } from './renewal-candidates.ts';
import { type CertificateSource, readRenewalRecord } from './renewal-record.ts';

export interface ListedCertificate extends CertificateFacts {
  /** Names for which clients get this one, and not another with the same name. */
  readonly inUseFor: readonly string[];
  /** Who it came from; `imported` is not ours to renew. */
  readonly source: CertificateSource | 'imported';
  /** Milliseconds since the epoch; undefined when it is not renewed by us. */
  readonly renewsAt: number | undefined;
}

export interface UnreadableCertificate {
  readonly file: string;
  readonly error: unknown;
}

export interface CertificateList {
  readonly certificates: readonly ListedCertificate[];
  readonly unreadable: readonly UnreadableCertificate[];
}

interface Read {
  readonly facts: CertificateFacts;
  readonly source: ListedCertificate['source'];
  readonly renewsAt: number | undefined;
}

export async function listCertificates(directory: string): Promise<CertificateList> {
  const read: Read[] = [];
  const unreadable: UnreadableCertificate[] = [];
  for (const file of await listCertificateFiles(directory)) {
    try {
      const own = await readOwnCertificate(file);
      const stem = file.file.replace(/\.(?:pem|crt)$/, '');
      const record = await readRenewalRecord(directory, stem);
      const source = record?.source ?? 'imported';
      const renewsAt = record === undefined ? undefined : renewalTimeOf(own);
      read.push({ facts: factsOf(file.file, own), source, renewsAt });
    } catch (error) {
      unreadable.push({ file: file.file, error });
    }
  }
  const certificates = read.map(({ facts, source, renewsAt }) => ({
    ...facts,
    source,
    renewsAt,
    inUseFor: facts.names.filter((name) => chooseCertificate(read, name)?.facts === facts),
  }));
  return { certificates, unreadable };
}

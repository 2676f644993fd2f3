// What there is in the directory of certificates, for whoever wants to see it.
import type { X509Certificate } from 'node:crypto';
import { listCertificateFiles, readOwnCertificate } from './certificate-directory.ts';
import { type CertificateFacts, factsOf } from './certificate-pem.ts';
import { type Candidate, matchCertificate } from './choose-certificate.ts';
import { renewalTimeOf } from './renewal-candidates.ts';
import { type CertificateOrigin, originOf, readRecordOf } from './renewal-record.ts';

export interface ListedCertificate extends CertificateFacts {
  /** Names for which clients get this one, and not another with the same name. */
  readonly inUseFor: readonly string[];
  /** Who it came from; `imported` is not ours to renew. */
  readonly source: CertificateOrigin;
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

export interface ReadCertificate extends Candidate {
  readonly facts: CertificateFacts;
  readonly own: X509Certificate;
}

export interface ReadCertificates {
  /** As a server chooses among them. */
  readonly read: readonly ReadCertificate[];
  readonly unreadable: readonly UnreadableCertificate[];
}

export async function readCertificateFiles(directory: string): Promise<ReadCertificates> {
  const read: ReadCertificate[] = [];
  const unreadable: UnreadableCertificate[] = [];
  for (const from of await listCertificateFiles(directory)) {
    try {
      const own = await readOwnCertificate(from);
      const source = await originOf(directory, from.file);
      read.push({ facts: factsOf(from.file, own), source, own });
    } catch (error) {
      unreadable.push({ file: from.file, error });
    }
  }
  return { read, unreadable };
}

export async function listCertificates(directory: string, now: number): Promise<CertificateList> {
  const { read, unreadable } = await readCertificateFiles(directory);
  const certificates: ListedCertificate[] = [];
  const damaged: UnreadableCertificate[] = [];
  for (const { facts, source, own } of read) {
    try {
      const record = await readRecordOf(directory, facts.file);
      const renewsAt = record === undefined ? undefined : renewalTimeOf(own);
      const isInUse = (name: string) => matchCertificate(read, name, now)?.facts === facts;
      certificates.push({ ...facts, source, renewsAt, inUseFor: facts.names.filter(isInUse) });
    } catch (error) {
      damaged.push({ file: facts.file, error });
    }
  }
  return { certificates, unreadable: [...unreadable, ...damaged] };
}

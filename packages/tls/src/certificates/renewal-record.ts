// What is written down beside a certificate that we can make anew: from whom, for which names, for how
// long. Without such a record a certificate is somebody else's, and never touched.
import { isVacant } from '@portolan/storage';
import { mkdir, readdir, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { tlsError } from '../errors.ts';
import { readIfThere, writeWhole } from '../files/whole-file.ts';
import { CertificateName } from '../names/certificate-name.ts';

export type CertificateSource = 'authority' | 'acme';

/** Where a certificate has come from; what we have no record of was brought. */
export type CertificateOrigin = CertificateSource | 'imported';

export interface RenewalRecord {
  readonly source: CertificateSource;
  readonly names: readonly CertificateName[];
  /** What was asked for; an ACME server decides by itself. */
  readonly days: number;
}

const SUFFIX = '.json';

function folderOf(directory: string): string {
  return join(directory, 'renewal');
}

function pathOf(directory: string, stem: string): string {
  return join(folderOf(directory), stem + SUFFIX);
}

function damaged(path: string, cause?: unknown): Error {
  return tlsError(
    'certificate-invalid',
    `${path} does not say how to renew the certificate`,
    { hint: 'issue it again with `portolan ca issue`, or remove the file' },
    cause,
  );
}

function parseRecord(path: string, text: string): RenewalRecord {
  try {
    const { source, names, days } = JSON.parse(text) as Record<string, unknown>;
    const isSource = source === 'authority' || source === 'acme';
    if (isSource && Array.isArray(names) && typeof days === 'number' && Number.isInteger(days)) {
      return { source, names: names.map(String).map(CertificateName.parse), days };
    }
  } catch (error) {
    throw damaged(path, error);
  }
  throw damaged(path);
}

/** @throws TlsError `certificate-invalid` when it is damaged */
export async function readRenewalRecord(
  directory: string,
  stem: string,
): Promise<RenewalRecord | undefined> {
  const path = pathOf(directory, stem);
  const text = await readIfThere(path);
  return text === undefined ? undefined : parseRecord(path, text);
}

/**
 * A `.pem` alone is ever made by us: a pair of the same name is an operator's.
 * @throws TlsError `certificate-invalid` when it is damaged
 */
export async function readRecordOf(
  directory: string,
  file: string,
): Promise<RenewalRecord | undefined> {
  return file.endsWith('.pem') ? readRenewalRecord(directory, file.slice(0, -4)) : undefined;
}

/** What cannot be read is a record nevertheless, and nobody but us writes one. */
export async function originOf(directory: string, file: string): Promise<CertificateOrigin> {
  try {
    return (await readRecordOf(directory, file))?.source ?? 'imported';
  } catch {
    return 'authority';
  }
}

/** Stems of the files that have a record. */
export async function listRenewalRecords(directory: string): Promise<readonly string[]> {
  const names = await readdir(folderOf(directory)).catch((error: unknown) => {
    if (isVacant(error)) return [];
    throw error;
  });
  return names
    .filter((name) => name.endsWith(SUFFIX) && !name.startsWith('.'))
    .map((name) => name.slice(0, -SUFFIX.length))
    .sort();
}

export async function writeRenewalRecord(
  directory: string,
  stem: string,
  record: RenewalRecord,
): Promise<void> {
  await mkdir(folderOf(directory), { recursive: true, mode: 0o700 });
  const text = `${JSON.stringify(record, undefined, 2)}\n`;
  await writeWhole(pathOf(directory, stem), text, { mode: 0o600 });
}

export async function removeRenewalRecord(directory: string, stem: string): Promise<void> {
  await rm(pathOf(directory, stem), { force: true });
}

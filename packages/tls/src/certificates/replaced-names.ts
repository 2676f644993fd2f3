// The file that a new certificate would take the place of: only one that we have issued, and its names.
// One that somebody brought must not be lost because a name was mistyped.
import { DomainError } from '@portolan/oci';
import { X509Certificate } from 'node:crypto';
import { join } from 'node:path';
import { listRetiredAuthorities, openAuthority } from '../authority/authority.ts';
import { tlsError } from '../errors.ts';
import { readIfThere } from '../files/whole-file.ts';
import { hasIssued } from '../trust/trusted-authorities.ts';
import { listCertificateFiles } from './certificate-directory.ts';
import { certificateBlocks, namesOf } from './certificate-pem.ts';
import type { CertificateDeps } from './certificate-deps.ts';
import { listRenewalRecords, readRenewalRecord } from './renewal-record.ts';

interface Replaced {
  readonly path: string;
  /** Undefined when it cannot be read. */
  readonly own: X509Certificate | undefined;
}

function parseOwn(text: string): X509Certificate | undefined {
  const [block] = certificateBlocks(text);
  try {
    return block === undefined ? undefined : new X509Certificate(block);
  } catch {
    return undefined;
  }
}

async function findReplaced(directory: string, stem: string): Promise<Replaced | undefined> {
  const path = join(directory, `${stem}.pem`);
  const text = await readIfThere(path);
  return text === undefined ? undefined : { path, own: parseOwn(text) };
}

/** Whosever it is; none where there is no file, or none that can be read. */
export async function namesThere(directory: string, stem: string): Promise<readonly string[]> {
  const { own } = (await findReplaced(directory, stem)) ?? {};
  return own === undefined ? [] : namesOf(own);
}

function refuseForeign({ path }: Replaced): never {
  throw tlsError('certificate-exists', `${path} is there, and was not issued by us`, {
    hint: 'move it away first',
  });
}

/** What cannot be read is mended by issuing anew. */
async function recordedNames(directory: string, stem: string): Promise<readonly string[]> {
  try {
    return (await readRenewalRecord(directory, stem))?.names ?? [];
  } catch (error) {
    if (error instanceof DomainError) return [];
    throw error;
  }
}

/**
 * Of this server, where a record says that it is ours. A file that is gone may still be served, and its
 * names with it. @throws TlsError `certificate-exists`
 */
export async function replacedNames(directory: string, stem: string): Promise<readonly string[]> {
  await refusePair(directory, stem);
  const replaced = await findReplaced(directory, stem);
  const isOurs = (await listRenewalRecords(directory)).includes(stem);
  if (replaced !== undefined && !isOurs) refuseForeign(replaced);
  const names = replaced?.own === undefined ? [] : namesOf(replaced.own);
  return [...names, ...(await recordedNames(directory, stem))];
}

/** The pair of an operator, which would go on to be shown. */
async function refusePair(directory: string, stem: string): Promise<void> {
  const pair = (await listCertificateFiles(directory)).find(({ file }) => file === `${stem}.crt`);
  if (pair !== undefined) refuseForeign({ path: pair.certificatePath, own: undefined });
}

async function isIssuedByUs(
  { directories: { authority: directory }, clock }: CertificateDeps,
  own: X509Certificate,
): Promise<boolean> {
  const authority = await openAuthority(directory);
  const retired = await listRetiredAuthorities({ directory, clock });
  return [authority, ...retired].some((one) => hasIssued(one, own));
}

/**
 * Of a directory for another server, which has no records: its issuer says whether it is ours.
 * @throws TlsError `certificate-exists`, `authority-unknown`, `authority-invalid`
 */
export async function replacedNamesElsewhere(
  deps: CertificateDeps,
  directory: string,
  stem: string,
): Promise<readonly string[]> {
  const replaced = await findReplaced(directory, stem);
  if (replaced === undefined) return [];
  const { own } = replaced;
  return own !== undefined && (await isIssuedByUs(deps, own))
    ? namesOf(own)
    : refuseForeign(replaced);
}

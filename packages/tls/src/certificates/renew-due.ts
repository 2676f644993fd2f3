// Renews what we can make anew: certificates of the built-in authority and of an ACME server, once the
// last third of their life has begun. Where that fails the old one stays.
import { X509Certificate } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { tlsError } from '../errors.ts';
import type { CertificateName } from '../names/certificate-name.ts';
import { writeCertificateFile } from './certificate-directory.ts';
import { certificateBlocks } from './certificate-pem.ts';
import { type IssueDeps, issueByRecord } from './issue-into-directory.ts';
import {
  listRenewalRecords,
  readRenewalRecord,
  type RenewalRecord,
  writeRenewalRecord,
} from './renewal-record.ts';

/** Gets a certificate from an ACME server; chain and key as one PEM. */
export type OrderCertificate = (names: readonly CertificateName[]) => Promise<string>;

export interface RenewalDeps extends IssueDeps {
  /** Undefined when no ACME server is set. */
  readonly orderCertificate?: OrderCertificate | undefined;
  /** The names that an ACME server shall vouch for; asked for when there is no certificate yet. */
  readonly acmeNames?: readonly CertificateName[] | undefined;
}

export interface RenewalRequest {
  /** Also what is not due. */
  readonly isForced?: boolean;
  /** One alone, by its file's name without `.pem`. */
  readonly only?: string | undefined;
}

export interface Renewal {
  readonly file: string;
  readonly outcome: 'renewed' | 'not due' | 'failed';
  readonly error?: unknown;
}

interface Candidate {
  readonly stem: string;
  readonly record: RenewalRecord;
}

const PART_OF_LIFE = 3;
/** No host name begins like that. */
const ACME_STEM = '_acme';
const ACME_DAYS = 90;

/** Milliseconds since the epoch. */
export function renewalTimeOf({ validFromDate, validToDate }: X509Certificate): number {
  const end = validToDate.getTime();
  return end - (end - validFromDate.getTime()) / PART_OF_LIFE;
}

async function readOwn(directory: string, stem: string): Promise<string | undefined> {
  try {
    const [own] = certificateBlocks(await readFile(join(directory, `${stem}.pem`), 'utf8'));
    return own ?? '';
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return undefined;
    throw error;
  }
}

async function isDue(
  { stem, record }: Candidate,
  { directories, clock }: RenewalDeps,
): Promise<boolean> {
  const own = await readOwn(directories.certificates, stem);
  // Whoever removes the file wants it no more; what the settings ask for is another matter.
  if (own === undefined) return record.source === 'acme';
  try {
    return clock() >= renewalTimeOf(new X509Certificate(own));
  } catch {
    // Damaged, and we know how to make it.
    return true;
  }
}

async function orderByRecord(deps: RenewalDeps, { stem, record }: Candidate): Promise<void> {
  if (deps.orderCertificate === undefined) {
    throw tlsError('request-invalid', 'no ACME server is set any more', {
      hint: `set tls.acme_directory, or remove renewal/${stem}.json`,
    });
  }
  const { certificates } = deps.directories;
  await writeCertificateFile(certificates, stem, await deps.orderCertificate(record.names));
  await writeRenewalRecord(certificates, stem, record);
}

async function renew(deps: RenewalDeps, candidate: Candidate): Promise<Renewal> {
  const { stem, record } = candidate;
  const file = `${stem}.pem`;
  try {
    if (record.source === 'acme') await orderByRecord(deps, candidate);
    else await issueByRecord(deps, stem, record);
    return { file, outcome: 'renewed' };
  } catch (error) {
    return { file, outcome: 'failed', error };
  }
}

function sameNames(some: readonly string[], others: readonly string[]): boolean {
  return some.length === others.length && some.every((name) => others.includes(name));
}

/** The one that the settings ask for, in place of what was ordered for other names before. */
function wantedOfAcme({ acmeNames = [] }: RenewalDeps): Candidate[] {
  if (acmeNames.length === 0) return [];
  return [{ stem: ACME_STEM, record: { source: 'acme', names: acmeNames, days: ACME_DAYS } }];
}

interface Found {
  readonly candidates: readonly Candidate[];
  /** Those whose record cannot be read. */
  readonly broken: readonly Renewal[];
  /** Stems that shall have other names now. */
  readonly changed: ReadonlySet<string>;
}

async function findCandidates(deps: RenewalDeps): Promise<Found> {
  const { certificates } = deps.directories;
  const candidates: Candidate[] = [];
  const broken: Renewal[] = [];
  const changed = new Set<string>();
  const wanted = wantedOfAcme(deps);
  for (const stem of await listRenewalRecords(certificates)) {
    try {
      const record = await readRenewalRecord(certificates, stem);
      const asked = wanted.find((one) => one.stem === stem);
      if (record === undefined) continue;
      if (asked === undefined) candidates.push({ stem, record });
      else if (!sameNames(asked.record.names, record.names)) changed.add(stem);
    } catch (error) {
      broken.push({ file: `${stem}.pem`, outcome: 'failed', error });
    }
  }
  return { candidates: [...candidates, ...wanted], broken, changed };
}

/** @throws TlsError `certificate-unknown` when `only` names none; what fails by itself is in the answer */
export async function renewDue(
  deps: RenewalDeps,
  { isForced = false, only }: RenewalRequest = {},
): Promise<readonly Renewal[]> {
  const { candidates, broken, changed } = await findCandidates(deps);
  const isAsked = (file: string): boolean => only === undefined || file === `${only}.pem`;
  const results: Renewal[] = broken.filter(({ file }) => isAsked(file));
  for (const candidate of candidates) {
    const file = `${candidate.stem}.pem`;
    if (!isAsked(file)) continue;
    const isWanted = isForced || changed.has(candidate.stem) || (await isDue(candidate, deps));
    results.push(isWanted ? await renew(deps, candidate) : { file, outcome: 'not due' });
  }
  if (only === undefined || results.length > 0) return results;
  throw tlsError('certificate-unknown', `there is no certificate '${only}' that can be renewed`, {
    hint: '`portolan ca show` lists them; what was imported is renewed by whoever issued it',
  });
}

/** Cheap: whether `renewDue` would do something. */
export async function isRenewalDue(deps: RenewalDeps): Promise<boolean> {
  const { candidates, broken, changed } = await findCandidates(deps);
  if (broken.length > 0 || changed.size > 0) return true;
  for (const candidate of candidates) if (await isDue(candidate, deps)) return true;
  return false;
}

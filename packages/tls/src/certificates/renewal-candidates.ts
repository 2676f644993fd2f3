// What may have to be renewed: every certificate with a record of how it was made, and the one that the
// settings want of an ACME server; and when each is due.
import { X509Certificate } from 'node:crypto';
import { join } from 'node:path';
import { readIfThere } from '../files/whole-file.ts';
import type { CertificateName } from '../names/certificate-name.ts';
import { certificateBlocks } from './certificate-pem.ts';
import type { CertificateDeps } from './certificate-deps.ts';
import { listRenewalRecords, readRenewalRecord, type RenewalRecord } from './renewal-record.ts';

export interface CandidateDeps extends CertificateDeps {
  /** The names that an ACME server shall vouch for; asked for when there is no certificate yet. */
  readonly acmeNames?: readonly CertificateName[] | undefined;
}

export interface RenewalCandidate {
  /** The file's name without `.pem`. */
  readonly stem: string;
  readonly record: RenewalRecord;
  /** It shall have other names now, and does not wait for the end of its life. */
  readonly isChanged: boolean;
}

export interface FoundCandidates {
  readonly candidates: readonly RenewalCandidate[];
  /** Those whose record cannot be read. */
  readonly broken: readonly { readonly stem: string; readonly error: unknown }[];
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

export async function isDue(
  { stem, record, isChanged }: RenewalCandidate,
  { directories, clock }: CertificateDeps,
): Promise<boolean> {
  if (isChanged) return true;
  const text = await readIfThere(join(directories.certificates, `${stem}.pem`));
  // Whoever removes the file wants it no more; what the settings ask for is another matter.
  if (text === undefined) return record.source === 'acme';
  try {
    const [own = ''] = certificateBlocks(text);
    return clock() >= renewalTimeOf(new X509Certificate(own));
  } catch {
    // Damaged, and we know how to make it.
    return true;
  }
}

function hasSameNames(some: readonly string[], others: readonly string[]): boolean {
  return some.length === others.length && some.every((name) => others.includes(name));
}

/** @param known what was ordered before, which may have been for other names */
function wantedOfAcme(
  acmeNames: readonly CertificateName[],
  known: RenewalRecord | undefined,
): RenewalCandidate {
  const record = { source: 'acme', names: acmeNames, days: ACME_DAYS } as const;
  const isChanged = known !== undefined && !hasSameNames(acmeNames, known.names);
  return { stem: ACME_STEM, record, isChanged };
}

export async function findCandidates({
  directories: { certificates },
  acmeNames = [],
}: CandidateDeps): Promise<FoundCandidates> {
  const records = new Map<string, RenewalRecord>();
  const broken: { stem: string; error: unknown }[] = [];
  for (const stem of await listRenewalRecords(certificates)) {
    try {
      const record = await readRenewalRecord(certificates, stem);
      if (record !== undefined) records.set(stem, record);
    } catch (error) {
      broken.push({ stem, error });
    }
  }
  const wanted = acmeNames.length === 0 ? [] : [wantedOfAcme(acmeNames, records.get(ACME_STEM))];
  const recorded = [...records]
    .filter(([stem]) => wanted.every((one) => one.stem !== stem))
    .map(([stem, record]) => ({ stem, record, isChanged: false }));
  return { candidates: [...recorded, ...wanted], broken };
}

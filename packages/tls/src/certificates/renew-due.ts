// Renews what we can make anew: certificates of the built-in authority and of an ACME server, once the
// last third of their life has begun. Where that fails the old one stays.
import { tlsError } from '../errors.ts';
import type { CertificateName } from '../names/certificate-name.ts';
import { writeCertificateFile } from './certificate-directory.ts';
import { issueByRecord } from './issue-into-directory.ts';
import {
  type CandidateDeps,
  findCandidates,
  isDue,
  type RenewalCandidate,
} from './renewal-candidates.ts';
import { writeRenewalRecord } from './renewal-record.ts';

/** Gets a certificate from an ACME server; chain and key as one PEM. */
export type OrderCertificate = (names: readonly CertificateName[]) => Promise<string>;

export interface RenewalDeps extends CandidateDeps {
  /** Undefined when no ACME server is set. */
  readonly orderCertificate?: OrderCertificate | undefined;
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

function failed(stem: string, error: unknown): Renewal {
  return { file: `${stem}.pem`, outcome: 'failed', error };
}

async function orderByRecord(deps: RenewalDeps, { stem, record }: RenewalCandidate): Promise<void> {
  if (deps.orderCertificate === undefined) {
    throw tlsError('request-invalid', 'no ACME server is set any more', {
      hint: `set tls.acme_directory, or remove renewal/${stem}.json`,
    });
  }
  const { certificates } = deps.directories;
  await writeCertificateFile(certificates, stem, await deps.orderCertificate(record.names));
  await writeRenewalRecord(certificates, stem, record);
}

async function renew(deps: RenewalDeps, candidate: RenewalCandidate): Promise<Renewal> {
  const { stem, record } = candidate;
  try {
    if (record.source === 'acme') await orderByRecord(deps, candidate);
    else await issueByRecord(deps, stem, record);
    return { file: `${stem}.pem`, outcome: 'renewed' };
  } catch (error) {
    return failed(stem, error);
  }
}

/** @throws TlsError `certificate-unknown` when `only` names none; what fails by itself is in the answer */
export async function renewDue(
  deps: RenewalDeps,
  { isForced = false, only }: RenewalRequest = {},
): Promise<readonly Renewal[]> {
  const { candidates, broken } = await findCandidates(deps);
  const isAsked = ({ stem }: { readonly stem: string }) => only === undefined || stem === only;
  const results = broken.filter(isAsked).map(({ stem, error }) => failed(stem, error));
  for (const candidate of candidates.filter(isAsked)) {
    const isWanted = isForced || (await isDue(candidate, deps));
    const kept: Renewal = { file: `${candidate.stem}.pem`, outcome: 'not due' };
    results.push(isWanted ? await renew(deps, candidate) : kept);
  }
  if (only === undefined || results.length > 0) return results;
  throw tlsError('certificate-unknown', `there is no certificate '${only}' that can be renewed`, {
    hint: '`portolan ca show` lists them; what was imported is renewed by whoever issued it',
  });
}

/** Cheap: whether `renewDue` would do something. */
export async function isRenewalDue(deps: RenewalDeps): Promise<boolean> {
  const { candidates, broken } = await findCandidates(deps);
  if (broken.length > 0) return true;
  for (const candidate of candidates) if (await isDue(candidate, deps)) return true;
  return false;
}

// Which certificate a client gets, by the name that it asks for:
//
// 1. one that holds now before one that does not, which nobody accepts: even for a wildcard;
// 2. the exact name before a wildcard of one label;
// 3. what an operator brought (`ca import`, a pair) or an ACME server issued before what our own authority
//    issued: that is renewed early and for long, and clients that trust the other alone would be cut off;
// 4. the one that ends last.
//
// The time is part of the question, so that the answer changes when a certificate begins or ends to hold.
import { CertificateName } from '../names/certificate-name.ts';
import type { CertificateFacts } from './certificate-pem.ts';
import type { CertificateOrigin } from './renewal-record.ts';

export interface Candidate {
  readonly facts: Pick<CertificateFacts, 'names' | 'notBefore' | 'notAfter'>;
  readonly source: CertificateOrigin;
}

function isHolding({ facts: { notBefore, notAfter } }: Candidate, now: number): boolean {
  return notBefore <= now && now < notAfter;
}

/** The smaller one goes first. */
function compareRanks(one: readonly number[], other: readonly number[]): number {
  const index = one.findIndex((part, at) => part !== other[at]);
  return index === -1 ? 0 : (one[index] ?? 0) - (other[index] ?? 0);
}

export function matchCertificate<T extends Candidate>(
  candidates: readonly T[],
  serverName: string,
  now: number,
): T | undefined {
  const name = serverName.toLowerCase();
  const wildcard = CertificateName.wildcardOf(name);
  const rankOf = (one: T): readonly number[] => [
    isHolding(one, now) ? 0 : 1,
    one.facts.names.includes(name) ? 0 : 1,
    one.source === 'authority' ? 1 : 0,
    -one.facts.notAfter,
  ];
  return candidates
    .filter(({ facts: { names } }) =>
      names.some((held) => held === name || (wildcard !== undefined && held === wildcard)),
    )
    .toSorted((one, other) => compareRanks(rankOf(one), rankOf(other)))[0];
}

/** The first that holds now, or else the first. */
export function firstHolding<T extends Candidate>(
  candidates: readonly T[],
  now: number,
): T | undefined {
  return candidates.find((one) => isHolding(one, now)) ?? candidates[0];
}

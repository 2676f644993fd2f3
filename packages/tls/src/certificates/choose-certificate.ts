// Which certificate a client gets, by the name that it asks for.
import { CertificateName } from '../names/certificate-name.ts';
import type { CertificateFacts } from './certificate-pem.ts';

interface Candidate {
  readonly facts: Pick<CertificateFacts, 'names' | 'notAfter'>;
}

/** Of several for one name the one that holds longest. */
function longest<T extends Candidate>(candidates: readonly T[], name: string): T | undefined {
  return candidates
    .filter(({ facts }) => facts.names.includes(name))
    .toSorted((one, other) => other.facts.notAfter - one.facts.notAfter)[0];
}

/** The exact name, then a wildcard of one label. */
export function matchCertificate<T extends Candidate>(
  candidates: readonly T[],
  serverName: string,
): T | undefined {
  const name = serverName.toLowerCase();
  const wildcard = CertificateName.wildcardOf(name);
  return (
    longest(candidates, name) ??
    (wildcard === undefined ? undefined : longest(candidates, wildcard))
  );
}

/** What matches, or else the first. */
export function chooseCertificate<T extends Candidate>(
  candidates: readonly T[],
  serverName: string | undefined,
): T | undefined {
  const matching = serverName === undefined ? undefined : matchCertificate(candidates, serverName);
  return matching ?? candidates[0];
}

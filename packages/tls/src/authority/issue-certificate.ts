// Issues the certificate of a server: a fresh key each time, for names that the authority may vouch for.
import { tlsError } from '../errors.ts';
import type { CertificateName } from '../names/certificate-name.ts';
import { DAY_MS } from '../certificates/remaining-days.ts';
import { NameConstraints } from '../names/name-constraints.ts';
import type { Authority } from './authority.ts';
import { authorityOptions } from './authority-options.ts';
import type { KeyAndCertificate } from './sign-certificate.ts';

export interface IssueRequest {
  readonly names: readonly CertificateName[];
  readonly days: number;
}

export const DEFAULT_DAYS = 90;
/** What Apple's systems take from an authority that a person added. */
const MAX_DAYS = 825;
/** A node whose clock is behind must not refuse it. */
const EARLIER_MS = 3_600_000;

/** One without constraints was not made by us, and vouches for all. */
export function mayIssueFor({ constraints }: Authority, name: CertificateName): boolean {
  return constraints === undefined || NameConstraints.permits(constraints, name);
}

/** Makes one for all that this one is for: whoever follows the hint must not lose a name. */
function replacingCommand({ constraints }: Authority, names: readonly string[] = []): string {
  const options = authorityOptions(constraints ?? { domains: [], networks: [] }, { names });
  return `portolan ca init --force-new ${options}`.trim();
}

function refuseForeign(authority: Authority, names: readonly CertificateName[]): void {
  const foreign = names.filter((name) => !mayIssueFor(authority, name));
  if (foreign.length === 0) return;
  const { domains = [], networks = [] } = authority.constraints ?? {};
  const command = replacingCommand(authority, foreign);
  throw tlsError('name-refused', `the authority may not issue for ${foreign.join(', ')}`, {
    permitted: [...domains, ...networks].join(', '),
    hint: `its limits are in the certificate that clients trust. Another one, which clients have to trust anew, for all that this one is for and these names: \`${command}\``,
  });
}

/** Nobody would believe what outlives the authority. */
function endOf(authority: Authority, now: number, days: number): number {
  if (authority.notAfter <= now) {
    throw tlsError('authority-invalid', 'the authority has expired', {
      hint: `make another one with \`${replacingCommand(authority)}\`, and let clients trust that`,
    });
  }
  return Math.min(now + days * DAY_MS, authority.notAfter);
}

/** @throws TlsError `name-refused`, `request-invalid`, `authority-invalid` */
export async function issueCertificate(
  authority: Authority,
  { names, days }: IssueRequest,
  now: number,
): Promise<KeyAndCertificate> {
  if (names.length === 0) throw tlsError('request-invalid', 'a certificate needs a name');
  if (!Number.isInteger(days) || days < 1 || days > MAX_DAYS) {
    throw tlsError('request-invalid', `a certificate holds for 1 to ${MAX_DAYS} days`);
  }
  refuseForeign(authority, names);
  const until = endOf(authority, now, days);
  const { signServerCertificate } = await import('./sign-certificate.ts');
  return signServerCertificate(authority, names, { from: now - EARLIER_MS, until });
}

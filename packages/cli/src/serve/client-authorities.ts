// The authorities that `/ca.crt` gives. Which retired ones are among them takes a look at every certificate
// here, and anybody may ask as often as they like: so it is looked at once a second, as certificates are.
import type { AuthorityFacts, CertificateDirectories } from '@portolan/tls';

export interface ClientAuthoritiesDeps {
  readonly directories: CertificateDirectories;
  readonly clock: () => number;
}

type Authorities = readonly AuthorityFacts[];

const REMEMBERED_MS = 1000;

/** The one that issues first; none where there is no authority. */
export function createReadAuthorities(deps: ClientAuthoritiesDeps): () => Promise<Authorities> {
  let last: { readonly at: number; readonly authorities: Promise<Authorities> } | undefined;

  async function look(): Promise<Authorities> {
    // Loaded when somebody asks: with what makes certificates, each process would start 40 ms later.
    const { authoritiesForClients, findTrustedAuthorities } = await import('@portolan/tls');
    const trusted = await findTrustedAuthorities(deps);
    return trusted === undefined ? [] : authoritiesForClients(trusted);
  }

  return () => {
    const now = deps.clock();
    // A clock that was set back makes no look last longer.
    if (last !== undefined && Math.abs(now - last.at) < REMEMBERED_MS) return last.authorities;
    last = { at: now, authorities: look() };
    return last.authorities;
  };
}

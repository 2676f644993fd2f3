// Certificates that are made when somebody asks for the name: for hosts that this server stands in for, as
// far as the authority may. They live for days, in the memory of one process, and in no file.
import type { SecureContext } from 'node:tls';
import { type Authority, openAuthority } from '../authority/authority.ts';
import { issueCertificate } from '../authority/issue-certificate.ts';
import { CertificateName } from '../names/certificate-name.ts';
import { createContext } from './load-certificate.ts';

export interface IssuedContexts {
  /**
   * For a name that the caller has found to be served here: every other one would be a forgery.
   * @throws TlsError `authority-unknown`, `authority-invalid`, `name-refused`, `certificate-name-invalid`
   */
  find(serverName: string): Promise<SecureContext>;
}

export interface IssuedContextsDeps {
  /** Of the authority. */
  readonly directory: string;
  readonly clock: () => number;
}

interface Issued {
  readonly context: Promise<SecureContext>;
  /** Of the authority. */
  readonly fingerprint: string;
  readonly renewAt: number;
}

const DAYS = 7;
const RENEW_MS = 24 * 3_600_000;
/** How long another authority may go unseen. */
const REREAD_MS = 1000;
const MAX_KEPT = 1000;

/** The authority as it is now; reading it costs too much for every handshake. */
function createCurrentAuthority({ directory, clock }: IssuedContextsDeps) {
  let current: { readonly at: number; readonly authority: Promise<Authority> } | undefined;
  return (): Promise<Authority> => {
    const now = clock();
    if (current === undefined || now - current.at >= REREAD_MS) {
      current = { at: now, authority: openAuthority(directory) };
    }
    return current.authority;
  };
}

export function createIssuedContexts(deps: IssuedContextsDeps): IssuedContexts {
  const { clock } = deps;
  const authorityNow = createCurrentAuthority(deps);
  const kept = new Map<CertificateName, Issued>();

  async function issue(authority: Authority, name: CertificateName): Promise<SecureContext> {
    const request = { names: [name], days: DAYS };
    const { certificate, key } = await issueCertificate(authority, request, clock());
    return createContext(certificate, key);
  }

  /** Kept while it is being made, so that it is made once; what failed is not kept. */
  function keep(authority: Authority, name: CertificateName): Issued {
    const { fingerprint } = authority;
    const issued = {
      context: issue(authority, name),
      fingerprint,
      renewAt: clock() + RENEW_MS,
    };
    const [oldest] = kept.keys();
    if (kept.size >= MAX_KEPT && oldest !== undefined) kept.delete(oldest);
    kept.set(name, issued);
    issued.context.catch(() => {
      if (kept.get(name) === issued) kept.delete(name);
    });
    return issued;
  }

  return {
    async find(serverName) {
      const name = CertificateName.parse(serverName.replace(/^\[|\]$/g, ''));
      const authority = await authorityNow();
      const before = kept.get(name);
      const isFit =
        before !== undefined &&
        before.fingerprint === authority.fingerprint &&
        clock() < before.renewAt;
      return (isFit ? before : keep(authority, name)).context;
    },
  };
}

// Orders certificates from an ACME server (RFC 8555), which proves over plain HTTP that the names are
// ours. The client library is loaded when there is something to order.
import { X509Certificate } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import { Agent } from 'node:https';
import { certificateBlocks, namesOf } from '../certificates/certificate-pem.ts';
import { createContext } from '../certificates/load-certificate.ts';
import { tlsError } from '../errors.ts';
import type { CertificateName } from '../names/certificate-name.ts';
import { type AcmeAnswer, acmeFailure, retryTimeOf } from './acme-failure.ts';
import { loadAccountKey, removeChallenge, writeChallenge } from './acme-files.ts';

export interface AcmeDeps {
  /** URL of the server's directory. */
  readonly directoryUrl: string;
  /** Whom the server writes to. */
  readonly email?: string | undefined;
  /** File with the authority of the server itself; without one those that Node knows. */
  readonly authorityFile?: string | undefined;
  /** Where servers find their certificates. */
  readonly certificates: string;
  readonly clock: () => number;
  /** Between looks whether a challenge or an order is done; grows up to six times of it. */
  readonly pollMs?: number;
}

export interface AcmeOrders {
  /** Certificate, chain and fresh key as one PEM. @throws TlsError `acme-…` */
  order(names: readonly CertificateName[]): Promise<string>;
}

type Acme = typeof import('acme-client');

/** What we look at in an answer. */
interface AcmeResponse {
  readonly status: number;
  readonly data: unknown;
  readonly headers: Readonly<Record<string, unknown>>;
}

const POLL_MS = 5000;
const POLLS = 10;
const REQUEST_MS = 30_000;

function refuseUnprovable(names: readonly string[]): void {
  const wildcard = names.find((name) => name.startsWith('*.'));
  if (wildcard === undefined) return;
  throw tlsError('request-invalid', `an ACME server cannot prove ${wildcard} over HTTP`, {
    hint: 'name the hosts one by one in tls.acme_names, or import a certificate',
  });
}

async function agentFor({ authorityFile }: AcmeDeps): Promise<Agent | undefined> {
  if (authorityFile === undefined) return undefined;
  return new Agent({ ca: await readFile(authorityFile, 'utf8') });
}

function toAnswer(response: AcmeResponse, now: number): AcmeAnswer {
  const { type, detail, status, token } = (response.data ?? {}) as Record<string, unknown>;
  return {
    status: response.status,
    type: typeof type === 'string' ? type : undefined,
    detail: typeof detail === 'string' ? detail : undefined,
    retryAt: retryTimeOf(response.headers['retry-after'], now),
    state: typeof status === 'string' ? status : undefined,
    token: typeof token === 'string' ? token : undefined,
  };
}

/**
 * The library has one HTTP client for the whole process, and its own handling of answers there. That
 * would sleep through a Retry-After of hours with the job's lease in its hand, and lose why a server
 * was not reached: whoever called us tries again. @returns what the server has answered so far
 */
function configure(
  { axios }: Acme,
  { clock }: AcmeDeps,
  httpsAgent: Agent | undefined,
): readonly AcmeAnswer[] {
  const answers: AcmeAnswer[] = [];
  Object.assign(axios.defaults, { timeout: REQUEST_MS, httpsAgent });
  axios.interceptors.response.clear();
  // A request of the library fails whatever the status; what it gets is the answer nevertheless.
  axios.interceptors.response.use(null, (error: unknown) => {
    const { response } = error as { response?: AcmeResponse };
    if (response === undefined) throw error;
    answers.push(toAnswer(response, clock()));
    return response;
  });
  return answers;
}

async function orderWith(
  acme: Acme,
  deps: AcmeDeps,
  names: readonly CertificateName[],
): Promise<string> {
  const { directoryUrl, email, certificates, pollMs = POLL_MS } = deps;
  const newKey = () => acme.crypto.createPrivateEcdsaKey('P-256');
  const client = new acme.Client({
    directoryUrl,
    accountKey: await loadAccountKey(certificates, newKey),
    backoffAttempts: POLLS,
    backoffMin: pollMs,
    backoffMax: 6 * pollMs,
  });
  const [key, csr] = await acme.crypto.createCsr({ altNames: [...names] }, await newKey());
  const chain = await client.auto({
    csr,
    ...(email === undefined ? {} : { email }),
    termsOfServiceAgreed: true,
    // Our own name may lead elsewhere from here: what counts is what the server sees.
    skipChallengeVerification: true,
    challengePriority: ['http-01'],
    challengeCreateFn: (_authorization, { token }, answer) =>
      writeChallenge(certificates, token, answer),
    challengeRemoveFn: (_authorization, { token }) => removeChallenge(certificates, token),
  });
  return certificateBlocks(chain).join('') + key.toString();
}

/** What cannot be used must not take the place of what can. */
function refuseUnusable(pem: string, names: readonly CertificateName[]): void {
  const [own] = certificateBlocks(pem);
  createContext(pem, pem);
  const held = own === undefined ? [] : namesOf(new X509Certificate(own));
  const missing = names.filter((name) => !held.includes(name));
  if (missing.length === 0) return;
  throw tlsError('acme-denied', 'the ACME server has left out names', {
    missing: missing.join(', '),
  });
}

export function createAcmeOrders(deps: AcmeDeps): AcmeOrders {
  return {
    async order(names) {
      refuseUnprovable(names);
      const agent = await agentFor(deps);
      const acme = await import('acme-client');
      const answers = configure(acme, deps, agent);
      try {
        const pem = await orderWith(acme, deps, names);
        refuseUnusable(pem, names);
        return pem;
      } catch (error) {
        throw acmeFailure(error, { server: deps.directoryUrl, answers });
      } finally {
        agent?.destroy();
      }
    },
  };
}

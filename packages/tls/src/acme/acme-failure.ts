// What an ACME server has refused (RFC 8555 §6.7) or not brought to an end, in our words. acme-client throws a
// text alone; kind, status, Retry-After and how far things are is gathered from the answers themselves.
import { DomainError } from '@portolan/oci';
import { tlsError } from '../errors.ts';

export interface AcmeAnswer {
  readonly status: number;
  readonly type: string | undefined;
  readonly detail: string | undefined;
  /** Milliseconds since the epoch. */
  readonly retryAt: number | undefined;
  /** Of the order, authorization or challenge (§7.1.6). */
  readonly state: string | undefined;
  /** Of a challenge alone, and which one it is. */
  readonly token: string | undefined;
}

interface AcmeFacts {
  readonly server: string;
  readonly reason: string;
}

const RATE_LIMITED = 'urn:ietf:params:acme:error:rateLimited';

/** Seconds, or a date (RFC 9110 §10.2.3). */
export function retryTimeOf(retryAfter: unknown, now: number): number | undefined {
  if (typeof retryAfter !== 'string') return undefined;
  if (/^\d+$/.test(retryAfter)) return now + Number(retryAfter) * 1000;
  const date = Date.parse(retryAfter);
  return Number.isNaN(date) ? undefined : date;
}

/** The refusal that the error speaks of; there may have been requests after it. */
function answerOf(message: string, answers: readonly AcmeAnswer[]): AcmeAnswer | undefined {
  const spoken = answers.findLast(
    ({ detail, status }) => status >= 400 && detail !== undefined && message.includes(detail),
  );
  const last = answers.at(-1);
  return spoken ?? (last !== undefined && last.status >= 400 ? last : undefined);
}

/** There was no answer: refused, cut off, too late, or not to be trusted. */
function isOfHttp(error: unknown): boolean {
  return error instanceof Error && 'isAxiosError' in error;
}

/** Ours already, or the disk's. */
function isPlain(error: unknown): error is Error {
  if (error instanceof DomainError) return true;
  return error instanceof Error && 'syscall' in error && !isOfHttp(error);
}

const CHALLENGE_HINT =
  'the server fetches http://NAME/.well-known/acme-challenge/… by itself: check that each name leads to this host from where it stands, and that port 80 is answered here, such as by a listener `redirect://0.0.0.0:80`';

/** What is read first is the directory, and without that nothing else is asked for. */
function isDirectoryMissing([directory, ...others]: readonly AcmeAnswer[]): boolean {
  if (directory === undefined || others.length > 0) return false;
  const { status, type } = directory;
  return status < 500 && status !== 429 && type === undefined;
}

function noDirectory(facts: AcmeFacts, error: unknown): Error {
  const hint =
    'set tls.acme_directory to the URL of its directory, which names newNonce, newAccount and newOrder';
  const message = 'there is no ACME server: its URL leads to no directory';
  return tlsError('acme-unavailable', message, { ...facts, hint }, error);
}

/** Whoever is slow has refused nothing. The names are proven at the same time, so the slow one need not be last. */
function isUnderWay(answers: readonly AcmeAnswer[]): boolean {
  const challenges = new Map(
    answers.filter(({ token }) => token !== undefined).map(({ token, state }) => [token, state]),
  );
  const states = [...challenges.values(), answers.at(-1)?.state];
  return states.some((state) => state === 'pending' || state === 'processing');
}

/** No answer has said no, so it is told by how far things have come. */
function unanswered(error: unknown, answers: readonly AcmeAnswer[], facts: AcmeFacts): Error {
  if (isOfHttp(error)) {
    return tlsError('acme-unavailable', 'the ACME server cannot be reached', { ...facts }, error);
  }
  const message = 'the ACME server has not issued the certificate';
  if (answers.some(({ token, state }) => token !== undefined && state === 'invalid')) {
    return tlsError('acme-denied', message, { ...facts, hint: CHALLENGE_HINT }, error);
  }
  return isUnderWay(answers)
    ? tlsError('acme-unavailable', `${message} in time`, { ...facts }, error)
    : tlsError('acme-denied', message, { ...facts }, error);
}

function refused(answer: AcmeAnswer, facts: AcmeFacts, error: unknown): Error {
  if (answer.status === 429 || answer.type === RATE_LIMITED) {
    const retry = answer.retryAt === undefined ? {} : { retryAt: answer.retryAt };
    const detail = { ...facts, ...retry };
    return tlsError('acme-limited', 'the ACME server takes no more orders for now', detail, error);
  }
  return answer.status >= 500
    ? tlsError('acme-unavailable', 'the ACME server has a problem', { ...facts }, error)
    : tlsError('acme-denied', 'the ACME server refuses', { ...facts }, error);
}

export function acmeFailure(
  error: unknown,
  { server, answers }: { readonly server: string; readonly answers: readonly AcmeAnswer[] },
): Error {
  if (isPlain(error)) return error;
  const message = error instanceof Error ? error.message : String(error);
  const answer = answerOf(message, answers);
  const facts = { server, reason: answer?.detail ?? message };
  if (!isOfHttp(error) && isDirectoryMissing(answers)) return noDirectory(facts, error);
  return answer === undefined ? unanswered(error, answers, facts) : refused(answer, facts, error);
}

// What an ACME server has refused (RFC 8555 §6.7), in our words. acme-client throws the server's text
// alone; kind, status and Retry-After are gathered from the answers themselves.
import { DomainError } from '@portolan/oci';
import { tlsError } from '../errors.ts';

export interface AcmeAnswer {
  readonly status: number;
  readonly type: string | undefined;
  readonly detail: string | undefined;
  /** Milliseconds since the epoch. */
  readonly retryAt: number | undefined;
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

function unanswered(error: unknown, facts: AcmeFacts): Error {
  return isOfHttp(error)
    ? tlsError('acme-unavailable', 'the ACME server cannot be reached', { ...facts }, error)
    : tlsError(
        'acme-denied',
        'the ACME server has not issued the certificate',
        { ...facts, hint: CHALLENGE_HINT },
        error,
      );
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
  return answer === undefined ? unanswered(error, facts) : refused(answer, facts, error);
}

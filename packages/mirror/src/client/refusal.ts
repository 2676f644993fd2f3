// What an answer that is no success means, in the mirror's words. The upstream's own words go with it,
// cut and cleaned, for the person who reads the report.
import type { Clock } from '@portolan/storage';
import { type MirrorError, type MirrorErrorCode, mirrorError } from '../errors.ts';
import type { Answer } from './answer.ts';
import type { ClientLimits } from './limits.ts';
import { type Quota, readQuota } from './quota.ts';

export interface RefusalDeps {
  readonly clock: Clock;
  readonly limits: ClientLimits;
}

const MAX_SAID = 200;
/** A number this large is a time, not a span (Docker Hub's `X-Retry-After`). */
const LEAST_EPOCH_SECONDS = 1_000_000_000;

function codeFor(status: number): MirrorErrorCode {
  if (status === 401 || status === 403) return 'upstream-denied';
  if (status === 404) return 'upstream-absent';
  if (status === 429) return 'upstream-limited';
  if (status === 408 || status >= 500) return 'upstream-unavailable';
  if (status >= 300 && status < 400) return 'egress-refused';
  return 'upstream-unexpected';
}

const SAYS: Partial<Record<MirrorErrorCode, string>> = {
  'upstream-denied': 'refuses access',
  'upstream-absent': 'has no such thing',
  'upstream-limited': 'wants fewer requests',
  'upstream-unavailable': 'fails',
  'egress-refused': 'redirects where it must not',
  'upstream-unexpected': 'answers unexpectedly',
};

function retryAt(answer: Answer, now: number, spent: Quota | undefined): number | undefined {
  const header = answer.header('retry-after') ?? answer.header('x-retry-after');
  if (header === undefined) {
    // Nobody says when the window began; when as much time has passed again, it is over.
    const seconds = spent?.windowSeconds;
    return seconds === undefined ? undefined : now + seconds * 1000;
  }
  if (/^\s*\d{1,12}\s*$/.test(header)) {
    const seconds = Number(header);
    return seconds >= LEAST_EPOCH_SECONDS ? seconds * 1000 : now + seconds * 1000;
  }
  const at = Date.parse(header);
  return Number.isNaN(at) ? undefined : at;
}

/** `MANIFEST_UNKNOWN: manifest unknown`, from an OCI error body or OAuth2's. */
function said(body: Buffer, scrub: (text: string) => string): string | undefined {
  let document: unknown;
  try {
    document = JSON.parse(body.toString());
  } catch {
    return undefined;
  }
  if (typeof document !== 'object' || document === null) return undefined;
  const { errors, error, error_description, details } = document as Record<string, unknown>;
  const first: unknown = Array.isArray(errors) ? errors[0] : undefined;
  const parts =
    typeof first === 'object' && first !== null
      ? [(first as { code?: unknown }).code, (first as { message?: unknown }).message]
      : [error, error_description ?? details];
  const text = parts.filter((part) => typeof part === 'string' && part !== '').join(': ');
  // Whole, before it is cut: half a password is one too.
  return text === '' ? undefined : scrub(text.replace(/[^\x20-\x7e]+/g, ' ')).slice(0, MAX_SAID);
}

/** Reads the rest of the answer. `what` is what was asked for: `manifest`, `token` … */
export async function refusal(
  answer: Answer,
  { clock, limits }: RefusalDeps,
  what: string,
): Promise<MirrorError> {
  const { status, url } = answer;
  const code = codeFor(status);
  const quota = status === 429 ? readQuota(answer) : undefined;
  const isQuotaUsedUp = quota?.remaining === 0;
  const at = retryAt(answer, clock(), isQuotaUsedUp ? quota : undefined);
  const words = await answer.bytes(limits.maxErrorBytes).then(
    (body) => said(body, (text) => answer.scrub(text)),
    () => undefined,
  );
  const tail = words === undefined ? '' : `: ${words}`;
  return mirrorError(code, `${url.host} ${SAYS[code]} (${what}, status ${status})${tail}`, {
    host: url.host,
    status,
    ...(at === undefined ? {} : { retryAt: at }),
    ...(isQuotaUsedUp ? { isQuotaUsedUp } : {}),
  });
}

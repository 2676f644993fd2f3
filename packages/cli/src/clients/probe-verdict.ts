// What an engine makes of the answers: whether it gets the image, and where it goes if it does not.
import type { RequestShape } from '@portolan/clients';
import { Digest } from '@portolan/oci';
import { createHash } from 'node:crypto';
import type { EngineProbe } from './engine-probe.ts';
import type { ServerAnswer } from '../connection/named-request.ts';

export type Verdict = 'ok' | 'would fall back to the upstream' | 'refused' | 'not possible';

export interface JudgedProbe {
  readonly verdict: Verdict;
  /** Undefined when all is well. */
  readonly reason: string | undefined;
  readonly digest: string | undefined;
}

/** The first error of the spec's error body. */
function errorOf({ body }: ServerAnswer): string | undefined {
  try {
    const { errors } = JSON.parse(body.toString('utf8')) as {
      errors?: readonly { readonly code?: string; readonly message?: string }[];
    };
    const { code, message } = errors?.[0] ?? {};
    return code === undefined ? undefined : `${code}: ${message ?? ''}`;
  } catch {
    return undefined;
  }
}

function refusal(answer: ServerAnswer, { token }: EngineProbe): string {
  const said = errorOf(answer) ?? `status ${answer.status}`;
  if (answer.status !== 401) return said;
  if (token === undefined) return `${said}; the engine asked for no token`;
  if (token.token === undefined) return `the token service answered ${token.status}`;
  return `${said}; the token grants ${token.granted.join(' ') || 'nothing'}`;
}

/** What engines rely on in an answer of 200. */
function flaw({ headers, body }: ServerAnswer): string | undefined {
  const encoding = headers.get('content-encoding');
  if (encoding !== undefined) return `the manifest is sent with Content-Encoding ${encoding}`;
  const digest = Digest.find(headers.get('docker-content-digest') ?? '');
  if (digest === undefined) return 'there is no Docker-Content-Digest';
  if (createHash(Digest.algorithm(digest)).update(body).digest('hex') !== Digest.hex(digest)) {
    return `the manifest is not what ${digest} says`;
  }
  return undefined;
}

function problemOf(probe: EngineProbe): string | undefined {
  const { failure, last } = probe;
  if (failure !== undefined) return failure;
  if (last === undefined) return 'nothing was asked';
  return last.status === 200 ? flaw(last) : refusal(last, probe);
}

export function judgeProbe(
  shape: RequestShape,
  probe: EngineProbe,
  failsOpen: boolean,
): JudgedProbe {
  const reason = problemOf(probe);
  const digest = probe.last?.headers.get('docker-content-digest');
  if (reason === undefined) return { verdict: 'ok', reason, digest };
  const fallsBack = shape.fallback === 'always' || (shape.fallback === 'configured' && failsOpen);
  return { verdict: fallsBack ? 'would fall back to the upstream' : 'refused', reason, digest };
}

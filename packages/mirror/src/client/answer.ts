// An upstream's answer: headers as strings, and a body that is watched while it is read. Nothing is
// read without a cap, and nothing is ever decompressed.
import type { Dispatcher } from 'undici';
import { mirrorError } from '../errors.ts';
import type { ClientLimits } from './limits.ts';
import { networkError } from './network-error.ts';
import { watchProgress } from './progress.ts';

export interface Answer {
  readonly status: number;
  readonly url: URL;
  /** Undefined when absent; repeated ones are joined by `, `. */
  header(name: string): string | undefined;
  /** Throws `upstream-unavailable` when it is cut off or too slow. Read once. */
  readonly body: AsyncIterable<Uint8Array>;
  /** Whole, up to a cap. @throws MirrorError `upstream-corrupt` beyond it */
  bytes(maxBytes: number): Promise<Buffer>;
  /** Its words as they may be shown and kept: what we had sent is hidden. Before they are cut. */
  scrub(text: string): string;
  /** Not wanted: lets go of it. */
  discard(): void;
}

function corrupt(url: URL, message: string, detail: Record<string, unknown>) {
  return mirrorError('upstream-corrupt', `${url.host} ${message}`, detail);
}

async function* watched(
  url: URL,
  raw: Dispatcher.ResponseData,
  limits: ClientLimits,
  signal: AbortSignal,
): AsyncGenerator<Uint8Array> {
  const watch = watchProgress(limits, () => {
    const message = `${url.host} sends too slowly`;
    raw.body.destroy(mirrorError('upstream-unavailable', message, { host: url.host }));
  });
  try {
    for await (const chunk of raw.body as AsyncIterable<Uint8Array>) {
      watch.took(chunk.length);
      yield chunk;
      watch.waits();
    }
  } catch (error) {
    throw networkError(error, url, signal);
  } finally {
    watch.end();
    raw.body.destroy();
  }
}

async function gather(answer: Answer, maxBytes: number): Promise<Buffer> {
  const tooLong = () => corrupt(answer.url, 'answers with too many bytes', { maxBytes });
  const encoding = answer.header('content-encoding') ?? 'identity';
  const isTooLong = Number(answer.header('content-length') ?? 0) > maxBytes;
  if (isTooLong || encoding !== 'identity') {
    answer.discard();
    if (isTooLong) throw tooLong();
    throw corrupt(answer.url, 'compresses its answer unasked', {
      encoding: answer.scrub(encoding).slice(0, 64),
    });
  }
  const chunks: Uint8Array[] = [];
  let length = 0;
  for await (const chunk of answer.body) {
    length += chunk.length;
    if (length > maxBytes) throw tooLong();
    chunks.push(chunk);
  }
  return Buffer.concat(chunks, length);
}

const MAX_DISCARDED_BYTES = 64 * 1024;
/** An upstream that lets it drip would hold one connection after the other. */
const MAX_DISCARD_MS = 2000;

export interface AnswerDeps {
  readonly limits: ClientLimits;
  readonly scrub: (text: string) => string;
}

export function makeAnswer(
  url: URL,
  raw: Dispatcher.ResponseData,
  { limits, scrub }: AnswerDeps,
  signal: AbortSignal,
): Answer {
  // Whoever reads the body sees its failure; when nobody reads it, nobody needs to.
  raw.body.on('error', () => undefined);
  const answer: Answer = {
    status: raw.statusCode,
    url,
    header(name) {
      const value = raw.headers[name];
      return typeof value === 'string' ? value : value?.join(', ');
    },
    body: { [Symbol.asyncIterator]: () => watched(url, raw, limits, signal) },
    bytes: (maxBytes) => gather(answer, maxBytes),
    scrub,
    discard() {
      // A short rest is read, so that the connection can be used again; a failure concerns nobody.
      const rest = { limit: MAX_DISCARDED_BYTES, signal: AbortSignal.timeout(MAX_DISCARD_MS) };
      raw.body.dump(rest).catch(() => undefined);
    },
  };
  return answer;
}

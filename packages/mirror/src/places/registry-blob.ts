// The bytes of a blob from an offset on (distribution-spec, "Pulling blobs"; RFC 9110 §14). A layer's
// `urls` are never followed: the upstream would say where we connect to.
import type { Descriptor } from '@portolan/oci';
import type { Answer } from '../client/answer.ts';
import { mirrorError } from '../errors.ts';
import { pullScopes, type RegistryPlace } from './registry-place.ts';

function corrupt(place: RegistryPlace, { digest }: Descriptor, message: string) {
  const name = `${place.host}/${place.path}@${digest}`;
  return mirrorError('upstream-corrupt', `${name}: ${message}`, { name });
}

/** How many bytes of the answer lie before `start`: a registry may not know ranges. */
function prefixLength(
  place: RegistryPlace,
  descriptor: Descriptor,
  start: number,
  answer: Answer,
): number {
  const { size } = descriptor;
  const length = answer.header('content-length');
  if (answer.status === 200) {
    if (length === undefined || Number(length) === size) return start;
    throw corrupt(
      place,
      descriptor,
      `has ${answer.scrub(length).slice(0, 20)} bytes instead of ${size}`,
    );
  }
  const range = /^bytes (\d+)-(\d+)\/(\d+|\*)$/.exec(answer.header('content-range') ?? '');
  const [, first, last, total] = range ?? [];
  const isWhole = Number(last) === size - 1 && (total === '*' || Number(total) === size);
  if (Number(first) === start && isWhole) return 0;
  throw corrupt(place, descriptor, 'another range than the one asked for');
}

async function* cut(
  place: RegistryPlace,
  descriptor: Descriptor,
  answer: Answer,
  span: { readonly skip: number; readonly length: number; readonly signal: AbortSignal },
): AsyncGenerator<Uint8Array> {
  let { skip } = span;
  let left = span.length;
  for await (const chunk of answer.body) {
    await place.requester.rate.bytes(chunk.length, span.signal);
    const bytes = skip === 0 ? chunk : chunk.subarray(Math.min(skip, chunk.length));
    skip -= chunk.length - bytes.length;
    left -= bytes.length;
    if (left < 0) throw corrupt(place, descriptor, 'has more bytes than its descriptor says');
    if (bytes.length > 0) yield bytes;
  }
  if (left > 0) {
    const name = `${place.host}/${place.path}@${descriptor.digest}`;
    throw mirrorError('upstream-unavailable', `${name} was cut off`, { name, missing: left });
  }
}

async function* nothing(): AsyncGenerator<Uint8Array> {}

export async function readRegistryBlob(
  place: RegistryPlace,
  descriptor: Descriptor,
  start: number,
  signal: AbortSignal,
): Promise<AsyncIterable<Uint8Array>> {
  const { digest, size } = descriptor;
  if (start >= size && start > 0) return nothing();
  const request = {
    method: 'GET',
    url: `/v2/${place.path}/blobs/${digest}`,
    scopes: pullScopes(place),
    headers: start === 0 ? {} : { range: `bytes=${start}-` },
    signal,
    what: 'blob',
  } as const;
  const accepted = start === 0 ? [200] : [200, 206];
  return place.requester.ask(request, accepted, (answer) => {
    try {
      const skip = prefixLength(place, descriptor, start, answer);
      return cut(place, descriptor, answer, { skip, length: size - start, signal });
    } catch (error) {
      answer.discard();
      throw error;
    }
  });
}

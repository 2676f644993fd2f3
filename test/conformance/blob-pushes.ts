// Every way to push a blob that the spec has ("Pushing blobs"). Each style gives the closing answer,
// whatever it is, so that the same table serves good and wrong digests.
import { expect } from 'vitest';
import type { Algorithm, Content } from '../support/image.ts';
import type { Answer, RequestOptions } from './registry-client.ts';
import type { Repository } from './repository.ts';

const CHUNKS = 3;
const OCTETS = { 'Content-Type': 'application/octet-stream' };

export interface Chunk {
  readonly start: number;
  readonly bytes: Buffer;
}

/** At most `count`; none for the empty blob, since `Content-Range` cannot say that. */
export function chunksOf(bytes: Buffer, count = CHUNKS): Chunk[] {
  const size = Math.ceil(bytes.length / count);
  return Array.from({ length: count }, (_, i) => ({
    start: i * size,
    bytes: bytes.subarray(i * size, (i + 1) * size),
  })).filter((chunk) => chunk.bytes.length > 0);
}

/** The options of a request that carries the chunk. */
export function chunkOptions({ start, bytes }: Chunk): RequestOptions {
  const range = `${start}-${start + bytes.length - 1}`;
  return { headers: { ...OCTETS, 'Content-Range': range }, body: bytes };
}

/** Sends the chunk with PATCH and gives the Location for what comes next. */
export async function patchChunk(
  repository: Repository,
  location: string,
  chunk: Chunk,
): Promise<string> {
  const answer = await repository.request('PATCH', location, chunkOptions(chunk));
  expect(answer.status, answer.body.toString()).toBe(202);
  expect(answer.headers.get('range')).toBe(`0-${chunk.start + chunk.bytes.length - 1}`);
  return answer.location();
}

export async function beginHinted(repository: Repository, algorithm: Algorithm): Promise<string> {
  const answer = await repository.request('POST', repository.uploads, {
    query: { 'digest-algorithm': algorithm },
    headers: { 'Content-Length': '0' },
  });
  expect(answer.status).toBe(202);
  return answer.location();
}

type Push = (repository: Repository, blob: Content) => Promise<Answer>;

const singlePost: Push = (repository, blob) =>
  repository.request('POST', repository.uploads, {
    query: { digest: blob.digest },
    headers: OCTETS,
    body: blob.bytes,
  });

const postThenPut: Push = async (repository, blob) =>
  repository.request('PUT', await repository.beginUpload(), {
    query: { digest: blob.digest },
    headers: OCTETS,
    body: blob.bytes,
  });

const streamed: Push = async (repository, blob) => {
  const patch = await repository.request('PATCH', await repository.beginUpload(), {
    headers: OCTETS,
    body: blob.bytes,
    isStreamed: true,
  });
  expect(patch.status, patch.body.toString()).toBe(202);
  expect(patch.headers.get('range')).toBe(`0-${Math.max(blob.bytes.length - 1, 0)}`);
  return repository.request('PUT', patch.location(), { query: { digest: blob.digest } });
};

function chunked(options: { readonly chunks?: number; readonly lastInPut?: boolean } = {}): Push {
  return async (repository, { bytes, digest }) => {
    const chunks = chunksOf(bytes, options.chunks);
    const last = options.lastInPut === true ? chunks.pop() : undefined;
    let location = await repository.beginUpload();
    for (const chunk of chunks) location = await patchChunk(repository, location, chunk);
    const closing = last === undefined ? {} : chunkOptions(last);
    return repository.request('PUT', location, { query: { digest }, ...closing });
  };
}

const hinted: Push = async (repository, { bytes, digest }) => {
  let location = await beginHinted(repository, digest.startsWith('sha512') ? 'sha512' : 'sha256');
  for (const chunk of chunksOf(bytes)) {
    location = await patchChunk(repository, location, chunk);
  }
  return repository.request('PUT', location, { query: { digest } });
};

/** The hint names the other algorithm; it is only a hint. */
const hintedWrongly: Push = async (repository, { bytes, digest }) => {
  const location = await beginHinted(repository, digest.startsWith('sha512') ? 'sha256' : 'sha512');
  return repository.request('PUT', location, { query: { digest }, headers: OCTETS, body: bytes });
};

export const BLOB_PUSHES: Readonly<Record<string, Push>> = {
  'a single POST': singlePost,
  'POST then PUT': postThenPut,
  'one chunk': chunked({ chunks: 1 }),
  'three chunks': chunked(),
  'three chunks of which the last is in the PUT': chunked({ lastInPut: true }),
  'one streamed PATCH': streamed,
  'three chunks after a digest-algorithm hint': hinted,
  'POST then PUT after a hint that was wrong': hintedWrongly,
};

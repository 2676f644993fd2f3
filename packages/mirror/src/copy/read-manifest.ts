// A manifest with what it points at, its bytes compared with its digest whoever has handed them over.
import { Digest, DomainError, type Manifest, parseManifest } from '@portolan/oci';
import { createHash } from 'node:crypto';
import { mirrorError } from '../errors.ts';
import type { FetchedManifest } from '../places/place.ts';
import type { Walk } from './walk.ts';

export interface ReadManifest {
  readonly fetched: FetchedManifest;
  readonly manifest: Manifest;
}

function compare(digest: Digest, body: Buffer): void {
  const algorithm = Digest.algorithm(digest);
  const actual = createHash(algorithm).update(body).digest('hex');
  if (actual === Digest.hex(digest)) return;
  throw mirrorError('upstream-corrupt', 'the bytes of a manifest do not match its digest', {
    digest,
    actual: `${algorithm}:${actual}`,
  });
}

function parse({ digest, body, mediaType }: FetchedManifest): Manifest {
  try {
    return parseManifest(body, mediaType);
  } catch (error) {
    if (!(error instanceof DomainError)) throw error;
    const { message, detail } = error;
    const problem = `a manifest cannot be taken: ${message}`;
    throw mirrorError('upstream-corrupt', problem, { digest, ...detail }, error);
  }
}

async function fetchFromSource(
  { request, signal, tally, share }: Walk,
  digest: Digest,
): Promise<FetchedManifest> {
  const recent = share.recent.find(digest);
  if (recent !== undefined) return recent;
  const { source } = request;
  const fetched = await source.manifest({ kind: 'digest', digest }, signal);
  if (fetched === undefined) {
    throw mirrorError('upstream-absent', `${source.name} has no manifest ${digest}`, { digest });
  }
  compare(digest, fetched.body);
  tally.bytes += fetched.body.length;
  share.recent.add(fetched);
  return fetched;
}

async function readFromSink({ request, signal }: Walk, digest: Digest) {
  const fetched = await request.sink.manifest?.({ kind: 'digest', digest }, signal);
  if (fetched !== undefined) compare(digest, fetched.body);
  return fetched;
}

/** From the sink when it has it and can read it back, otherwise from the source. */
export async function readManifest(
  walk: Walk,
  digest: Digest,
  isAtSink: boolean,
): Promise<ReadManifest> {
  const own = isAtSink ? await readFromSink(walk, digest) : undefined;
  const { slots, share, signal } = walk;
  const fetched =
    own ??
    (await slots(() => share.transfers.run(digest, signal, () => fetchFromSource(walk, digest))));
  return { fetched: { ...fetched, digest }, manifest: parse(fetched) };
}

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

async function fetchFromSource({ request, signal, tally }: Walk, digest: Digest) {
  const { source } = request;
  const fetched = await source.manifest({ kind: 'digest', digest }, signal);
  if (fetched === undefined) {
    throw mirrorError('upstream-absent', `${source.name} has no manifest ${digest}`, { digest });
  }
  tally.bytes += fetched.body.length;
  return fetched;
}

/** From the sink when it has it and can read it back, otherwise from the source. */
export async function readManifest(
  walk: Walk,
  digest: Digest,
  isAtSink: boolean,
): Promise<ReadManifest> {
  const { sink } = walk.request;
  const own = isAtSink ? await sink.manifest?.({ kind: 'digest', digest }, walk.signal) : undefined;
  const fetched = own ?? (await walk.slots(() => fetchFromSource(walk, digest)));
  compare(digest, fetched.body);
  const manifest = parse(fetched);
  return { fetched: { ...fetched, digest }, manifest };
}

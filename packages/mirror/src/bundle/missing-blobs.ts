// Blobs that a bundle has left out because they should be here, and are not: an earlier bundle has not
// come in, or what it brought was deleted since.
import type { Descriptor, Digest, RepositoryName } from '@portolan/oci';
import type { SinkRepository } from '../places/place.ts';
import type { Arrival } from './arrivals.ts';
import type { BundleContents } from './bundle-contents.ts';
import { manifestsBelow } from './manifests-below.ts';

export interface MissingBlobsDeps {
  readonly openRepository: (name: RepositoryName) => SinkRepository;
  readonly hasBlob: (destination: RepositoryName, blob: Descriptor) => Promise<boolean>;
  readonly signal: AbortSignal;
}

async function expectedBy(
  contents: BundleContents,
  arrival: Arrival,
  { openRepository, signal }: MissingBlobsDeps,
): Promise<Descriptor[]> {
  const sink = openRepository(arrival.destination);
  const expected: Descriptor[] = [];
  for (const { digest, manifest } of manifestsBelow(contents, arrival)) {
    const wanted = manifest.references
      .map(({ descriptor }) => descriptor)
      .filter((descriptor) => contents.expected.has(descriptor.digest));
    if (wanted.length === 0) continue;
    // A manifest that is here has its blobs here.
    if ((await sink.head({ kind: 'digest', digest }, signal)) !== undefined) continue;
    expected.push(...wanted);
  }
  return expected;
}

export async function findMissingBlobs(
  contents: BundleContents,
  arrivals: readonly Arrival[],
  deps: MissingBlobsDeps,
): Promise<readonly Digest[]> {
  if (contents.expected.size === 0) return [];
  const missing = new Set<Digest>();
  const asked = new Set<string>();
  for (const arrival of arrivals) {
    for (const descriptor of await expectedBy(contents, arrival, deps)) {
      const key = `${arrival.destination}@${descriptor.digest}`;
      if (asked.has(key)) continue;
      asked.add(key);
      if (await deps.hasBlob(arrival.destination, descriptor)) continue;
      missing.add(descriptor.digest);
    }
  }
  return [...missing];
}

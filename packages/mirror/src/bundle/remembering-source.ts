// A source that is asked once for each manifest, be it there or not: an export first plans and then copies,
// and a tag that moves in between would make the two differ.
import type { Descriptor, Digest, Reference } from '@portolan/oci';
import type { FetchedManifest, ManifestHead, SourceRepository } from '../places/place.ts';

type Answer = Promise<FetchedManifest | undefined>;

function keyOf(reference: Reference): string {
  return reference.kind === 'tag' ? reference.tag : reference.digest;
}

function remember<K, V>(known: Map<K, Promise<V>>, key: K, work: () => Promise<V>): Promise<V> {
  const found = known.get(key);
  if (found !== undefined) return found;
  const asked = work();
  known.set(key, asked);
  // What failed may be asked again.
  asked.catch(() => known.delete(key));
  return asked;
}

export function rememberManifests(source: SourceRepository): SourceRepository {
  const manifests = new Map<string, Answer>();
  const heads = new Map<string, Promise<ManifestHead | undefined>>();
  const referrers = new Map<Digest, Promise<readonly Descriptor[]>>();

  async function ask(reference: Reference, signal: AbortSignal): Answer {
    const answer = await source.manifest(reference, signal);
    if (answer !== undefined) manifests.set(answer.digest, Promise.resolve(answer));
    return answer;
  }

  const manifest = (reference: Reference, signal: AbortSignal): Answer =>
    remember(manifests, keyOf(reference), () => ask(reference, signal));

  return {
    ...source,
    manifest,
    async head(reference, signal) {
      const known = await manifests.get(keyOf(reference));
      if (known === undefined) {
        return remember(heads, keyOf(reference), () => source.head(reference, signal));
      }
      return { digest: known.digest, mediaType: known.mediaType, size: known.body.length };
    },
    referrers: (subject, signal, ...rest) =>
      remember(referrers, subject, () => source.referrers(subject, signal, ...rest)),
  };
}

// What an import takes of a bundle: the references that are selected, and what is attached to them, as an
// export with the same selector would have taken it.
import { type Digest, type Reference, RepositoryName } from '@portolan/oci';
import { mirrorError } from '../errors.ts';
import { cosignTagsOf } from '../names/attached-tags.ts';
import type { ReferenceSelector } from '../selection/selectors.ts';
import type { BundleContents, BundledManifest, BundledRepository } from './bundle-contents.ts';
import type { BundleReference } from './bundle-document.ts';
import { manifestsBelow } from './manifests-below.ts';
import { formatReferenceName } from './reference-name.ts';

export interface Arrival extends BundleReference {
  readonly destination: RepositoryName;
}

interface Gathering {
  readonly contents: BundleContents;
  readonly inside: BundledRepository;
  readonly referrers: ReadonlyMap<Digest | undefined, readonly BundledManifest[]>;
  /** All that the chosen references lead to. */
  readonly covered: Set<Digest>;
  readonly chosen: Map<string, BundleReference>;
}

/** Its manifests that were not covered before. */
function choose(
  { contents, covered, chosen }: Gathering,
  reference: BundleReference,
): readonly Digest[] {
  chosen.set(formatReferenceName(reference), reference);
  const below = manifestsBelow(contents, reference).map(({ digest }) => digest);
  const fresh = below.filter((digest) => !covered.has(digest));
  for (const digest of fresh) covered.add(digest);
  return fresh;
}

function attachedTo(
  { inside, referrers, covered, chosen }: Gathering,
  subject: Digest,
  like: BundleReference,
): readonly BundleReference[] {
  const refer = (digest: Digest, reference: Reference): BundleReference[] => {
    const found = inside.manifests.get(digest);
    if (found === undefined) return [];
    const { mediaType, size } = found;
    return [{ ...like, reference, digest, mediaType, size }];
  };
  const byDigest = (referrers.get(subject) ?? [])
    .filter(({ digest }) => !covered.has(digest))
    .flatMap(({ digest }) => refer(digest, { kind: 'digest', digest }));
  const byTag = cosignTagsOf(subject).flatMap((tag) => {
    const digest = inside.tags.get(tag);
    return digest === undefined ? [] : refer(digest, { kind: 'tag', tag });
  });
  return [...byDigest, ...byTag].filter((one) => !chosen.has(formatReferenceName(one)));
}

function withAttached(
  contents: BundleContents,
  selected: readonly BundleReference[],
): readonly BundleReference[] {
  const [like] = selected;
  const inside = like === undefined ? undefined : contents.repositories.get(like.repository);
  if (like === undefined || inside === undefined) return selected;
  const gathering: Gathering = {
    contents,
    inside,
    referrers: Map.groupBy(inside.manifests.values(), ({ manifest }) => manifest.subject?.digest),
    covered: new Set(),
    chosen: new Map(),
  };
  const subjects = selected.flatMap((reference) => choose(gathering, reference));
  for (let subject = subjects.pop(); subject !== undefined; subject = subjects.pop()) {
    for (const attached of attachedTo(gathering, subject, like)) {
      subjects.push(...choose(gathering, attached));
    }
  }
  return [...gathering.chosen.values()];
}

function placeIn(prefix: string | undefined, reference: BundleReference): Arrival {
  const { repository } = reference;
  const name = prefix === undefined ? repository : `${prefix}/${repository}`;
  const destination = RepositoryName.find(name);
  if (destination !== undefined) return { ...reference, destination };
  throw mirrorError('request-invalid', 'no repository can have this name', { name });
}

/** @throws MirrorError `request-invalid` */
export function findArrivals(
  contents: BundleContents,
  selector: ReferenceSelector,
  prefix: string | undefined,
): readonly Arrival[] {
  const selected = contents.document.references.filter((reference) => selector.matches(reference));
  return [...Map.groupBy(selected, ({ repository }) => repository).values()]
    .flatMap((ofOne) => withAttached(contents, ofOne))
    .map((reference) => placeIn(prefix, reference));
}

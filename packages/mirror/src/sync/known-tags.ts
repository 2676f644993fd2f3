// What is told of a tag from what the rule remembers of it. A run and its plan ask here, so that they say
// the same.
import type { Tag } from '@portolan/oci';
import type { MirrorTag } from '@portolan/storage';
import type { Narrowing } from '../rules/select-rules.ts';
import type { RuleImages } from './rule-images.ts';
import type { TagNotes } from './tag-notes.ts';

/** It was checked a moment ago, and well. */
export function isFresh(known: MirrorTag | undefined, since: number): boolean {
  return known?.digest !== undefined && known.error === undefined && known.checkedAt > since;
}

/** A tag that has been pruned since was here, too. */
function wasHere(known: MirrorTag | undefined): boolean {
  return known?.digest !== undefined || known?.vanishedAt !== undefined;
}

/** Of one that the upstream does not have. */
export function goneStatus(known: MirrorTag | undefined): 'missing' | 'vanished' {
  return wasHere(known) ? 'vanished' : 'missing';
}

export interface GoneTag {
  readonly tag: Tag;
  readonly status: 'missing' | 'vanished';
}

/**
 * What a listing does not have any more; first what the rule names. An empty one says nothing: a
 * registry that has lost its database answers so too.
 */
export function findGone(
  { images, missing, all }: RuleImages,
  notes: Pick<TagNotes, 'known' | 'all'>,
  narrowing: Narrowing | undefined,
): readonly GoneTag[] {
  const named = missing.map((tag) => ({ tag, status: goneStatus(notes.known(tag)) }));
  if (all === undefined || all.size === 0) return named;
  const others = new Set<string>([
    ...missing,
    ...images.filter(({ reference }) => reference.kind === 'digest').map(({ tag }) => tag),
  ]);
  const gone = [...notes.all()]
    .filter((known) => !all.has(known.name) && !others.has(known.name) && wasHere(known))
    .filter(({ name }) => narrowing?.({ tag: name }) ?? true);
  return [...named, ...gone.map(({ name }) => ({ tag: name, status: 'vanished' as const }))];
}

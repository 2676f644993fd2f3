// One tag that a prune removes: whether it is still what vanished, what is remembered of it afterwards, and
// the signatures that go with the last tag of its image.
import { type Digest, Tag } from '@portolan/oci';
import type { MirrorRule, MirrorTag } from '@portolan/storage';
import { cosignTagsOf } from '../names/attached-tags.ts';
import { parseRuleSettings } from '../rules/rule-settings.ts';
import type { SyncDeps } from './sync-deps.ts';

const TAGS_PER_PAGE = 1000;

/** Moved here since, by the import of a bundle for one: what vanished is not what it points to. */
export async function isElsewhere(
  { stores }: SyncDeps,
  { destination }: MirrorRule,
  { name, digest }: MirrorTag,
): Promise<boolean> {
  const here = await stores.tags.resolve(destination, name);
  return here !== undefined && here !== digest;
}

export async function splitMoved(
  deps: SyncDeps,
  rule: MirrorRule,
  gone: readonly MirrorTag[],
): Promise<{ readonly due: readonly MirrorTag[]; readonly kept: readonly Tag[] }> {
  const due: MirrorTag[] = [];
  const kept: Tag[] = [];
  for (const tag of gone) {
    if (await isElsewhere(deps, rule, tag)) kept.push(tag.name);
    else due.push(tag);
  }
  return { due, kept };
}

/** False when it was not there. */
export async function deleteTag(
  { stores, actor }: SyncDeps,
  { destination }: MirrorRule,
  name: Tag,
): Promise<boolean> {
  return await stores.tags.delete(destination, name, actor);
}

/** By any tag of the repository, whoever made it, or as a part of an index. */
async function isInUse(
  { stores }: SyncDeps,
  { destination }: MirrorRule,
  digest: Digest,
): Promise<boolean> {
  if (await stores.manifests.isChild(destination, digest)) return true;
  let last: string | undefined;
  for (;;) {
    const page = await stores.tags.list(destination, {
      limit: TAGS_PER_PAGE,
      ...(last === undefined ? {} : { last }),
    });
    for (const name of page?.tags ?? []) {
      if ((await stores.tags.resolve(destination, Tag.parse(name))) === digest) return true;
    }
    last = page?.tags.at(-1);
    if (page?.hasMore !== true || last === undefined) return false;
  }
}

/** Its signatures go with the last tag of an image. */
async function removeAttached(deps: SyncDeps, rule: MirrorRule, digest: Digest): Promise<void> {
  const { stores } = deps;
  const attached: Tag[] = [];
  for (const tag of cosignTagsOf(digest)) {
    if ((await stores.tags.resolve(rule.destination, tag)) !== undefined) attached.push(tag);
  }
  // Most images have none, and need no look at all tags.
  if (attached.length === 0 || (await isInUse(deps, rule, digest))) return;
  for (const tag of attached) await deleteTag(deps, rule, tag);
}

export async function noteRemoved(deps: SyncDeps, rule: MirrorRule, tag: MirrorTag): Promise<void> {
  const { mirrorTags } = deps.stores;
  const { name, digest } = tag;
  // One that the rule names was there: the next run is not to call it missing.
  const isNamed = parseRuleSettings(rule.settings).tags?.includes(name) === true;
  if (isNamed) await mirrorTags.note(rule.id, [{ ...tag, digest: undefined }]);
  else await mirrorTags.forget(rule.id, [name]);
  if (digest !== undefined) await removeAttached(deps, rule, digest);
}

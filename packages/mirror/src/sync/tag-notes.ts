// The rule's memory of its tags, written while a run goes on, so that a killed run loses little.
import type { Digest, Tag } from '@portolan/oci';
import type { MirrorTag, MirrorTagStore } from '@portolan/storage';

/** What did not change is only worth a write with others. */
const FLUSH_AT = 100;

export interface TagNotes {
  known(tag: Tag): MirrorTag | undefined;
  all(): Iterable<MirrorTag>;
  copied(tag: Tag, digest: Digest): Promise<void>;
  unchanged(tag: Tag, digest: Digest): Promise<void>;
  failed(tag: Tag, message: string): Promise<void>;
  vanished(tag: Tag): Promise<void>;
  /** The rule means it no more: a failure of it is nobody's concern. Back is what the upstream lists. */
  released(tag: Tag, isBack: boolean): Promise<void>;
  flush(): Promise<void>;
}

export async function openTagNotes(
  store: MirrorTagStore,
  ruleId: number,
  clock: () => number,
): Promise<TagNotes> {
  const tags = new Map((await store.list(ruleId)).map((tag) => [tag.name, tag]));
  let pending: MirrorTag[] = [];

  async function flush(): Promise<void> {
    const notes = pending;
    pending = [];
    if (notes.length > 0) await store.note(ruleId, notes);
  }

  async function note(name: Tag, change: Partial<MirrorTag>, isUrgent: boolean): Promise<void> {
    const before = tags.get(name);
    const tag: MirrorTag = {
      name,
      digest: before?.digest,
      changedAt: before?.changedAt,
      vanishedAt: before?.vanishedAt,
      error: undefined,
      checkedAt: clock(),
      ...change,
    };
    tags.set(name, tag);
    pending.push(tag);
    if (isUrgent || pending.length >= FLUSH_AT) await flush();
  }

  return {
    known: (tag) => tags.get(tag),
    all: () => tags.values(),
    copied: (tag, digest) => {
      const isNew = tags.get(tag)?.digest !== digest;
      const changed = isNew ? { changedAt: clock() } : {};
      return note(tag, { digest, vanishedAt: undefined, ...changed }, true);
    },
    unchanged: (tag, digest) => note(tag, { digest, vanishedAt: undefined }, false),
    failed(tag, message) {
      // It may be there: its grace begins anew. One that was pruned stays known as one that was here.
      const known = tags.get(tag);
      const since = known?.digest === undefined ? known?.vanishedAt : undefined;
      return note(tag, { error: message.slice(0, 1000), vanishedAt: since }, true);
    },
    vanished: (tag) => {
      const since = tags.get(tag)?.vanishedAt ?? clock();
      return note(tag, { vanishedAt: since }, false);
    },
    async released(tag, isBack) {
      const known = tags.get(tag);
      if (known === undefined) return;
      if (known.digest !== undefined) {
        const vanishedAt = isBack ? undefined : known.vanishedAt;
        const isNews = known.error !== undefined || known.vanishedAt !== vanishedAt;
        if (isNews) await note(tag, { checkedAt: known.checkedAt, vanishedAt }, false);
        return;
      }
      // It never came, or has been pruned: there is nothing left to remember.
      tags.delete(tag);
      await store.forget(ruleId, [tag]);
    },
    flush,
  };
}

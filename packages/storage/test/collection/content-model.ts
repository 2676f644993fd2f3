// What a registry promises about its content, written down once more and naively: plain maps, every
// rule looked up by scanning. Collection is held against it (content-properties.test.ts).

/** A document of the small world that the properties play in; names stand for digests. */
export interface ModelManifest {
  readonly blobs: readonly string[];
  readonly children: readonly string[];
  readonly subject?: string;
}

interface Kept {
  leaseUntil: number;
  /** Has lost a tag, a parent or its subject since it was last pushed. */
  isLost: boolean;
}

export interface ContentModel {
  readonly manifests: Map<string, Kept>;
  readonly tags: Map<string, string>;
  /** Until when a link must hold by itself. A blob that was deleted on purpose is not in here. */
  readonly links: Map<string, number>;
  put(name: string, tag: string | undefined, now: number): void;
  deleteTag(tag: string, now: number): void;
  deleteManifest(name: string, now: number): void;
  collect(now: number): void;
  isReferenced(blob: string): boolean;
}

export function createContentModel(
  world: Readonly<Record<string, ModelManifest>>,
  leaseMs: number,
): ContentModel {
  const manifests = new Map<string, Kept>();
  const tags = new Map<string, string>();
  const links = new Map<string, number>();
  const documentOf = (name: string): ModelManifest => world[name] ?? { blobs: [], children: [] };
  const present = () => [...manifests.keys()];

  function lose(name: string, now: number): void {
    const kept = manifests.get(name);
    if (kept === undefined) return;
    kept.isLost = true;
    kept.leaseUntil = Math.max(kept.leaseUntil, now + leaseMs);
  }

  function remove(name: string, now: number): void {
    manifests.delete(name);
    for (const [tag, target] of tags) if (target === name) tags.delete(tag);
    for (const child of documentOf(name).children) lose(child, now);
    for (const other of present()) if (documentOf(other).subject === name) lose(other, now);
  }

  function hasReason(name: string): boolean {
    const { subject } = documentOf(name);
    return (
      [...tags.values()].includes(name) ||
      present().some((other) => documentOf(other).children.includes(name)) ||
      (subject !== undefined && manifests.has(subject))
    );
  }

  return {
    manifests,
    tags,
    links,
    put(name, tag, now) {
      manifests.set(name, { leaseUntil: now + leaseMs, isLost: false });
      const before = tag === undefined ? undefined : tags.get(tag);
      if (tag !== undefined) tags.set(tag, name);
      if (before !== undefined && before !== name) lose(before, now);
    },
    deleteTag(tag, now) {
      const target = tags.get(tag);
      tags.delete(tag);
      if (target !== undefined) lose(target, now);
    },
    deleteManifest: remove,
    collect(now) {
      const goes = (name: string) => {
        const kept = manifests.get(name);
        return kept !== undefined && kept.isLost && kept.leaseUntil <= now && !hasReason(name);
      };
      for (let name = present().find(goes); name !== undefined; name = present().find(goes)) {
        remove(name, now);
      }
    },
    isReferenced: (blob) => present().some((name) => documentOf(name).blobs.includes(blob)),
  };
}

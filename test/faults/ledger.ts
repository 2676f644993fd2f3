// What the server has promised by its answers. A request that was cut off leaves both outcomes open,
// until a look after the restart settles which one it was.

/** A tag that points to nothing. */
export const ABSENT = 'absent';

export interface TagPlace {
  readonly repository: string;
  readonly tag: string;
}

export interface ManifestPromise {
  readonly repository: string;
  readonly digest: string;
  /** When its push was sent: without a tag it is kept for the lease only. */
  readonly sentAt: number;
}

export interface Ledger {
  /** Every tag that was ever written, with the values that it may have now. */
  tags(): Iterable<TagPlace & { readonly allowed: ReadonlySet<string> }>;
  /** Manifests that were acknowledged and never asked to be deleted. */
  promises(): Iterable<ManifestPromise>;
  /** The request goes out: the old value stays possible, `value` becomes so. */
  begin(place: TagPlace, value: string): void;
  /** The answer came, or a look has shown it: this is the value. */
  settle(place: TagPlace, value: string): void;
  allowed(place: TagPlace): ReadonlySet<string>;
  promise(promise: ManifestPromise): void;
  release(repository: string, digest: string): void;
}

export function createLedger(): Ledger {
  const tags = new Map<string, TagPlace & { readonly allowed: ReadonlySet<string> }>();
  const promises = new Map<string, ManifestPromise>();
  const keyOf = ({ repository, tag }: TagPlace): string => `${repository}:${tag}`;
  const allowed = (place: TagPlace): ReadonlySet<string> =>
    tags.get(keyOf(place))?.allowed ?? new Set([ABSENT]);
  const write = ({ repository, tag }: TagPlace, values: ReadonlySet<string>): void => {
    tags.set(keyOf({ repository, tag }), { repository, tag, allowed: values });
  };
  return {
    tags: () => tags.values(),
    promises: () => promises.values(),
    begin: (place, value) => write(place, new Set([...allowed(place), value])),
    settle: (place, value) => write(place, new Set([value])),
    allowed,
    promise: (promise) => promises.set(`${promise.repository}@${promise.digest}`, promise),
    release: (repository, digest) => promises.delete(`${repository}@${digest}`),
  };
}

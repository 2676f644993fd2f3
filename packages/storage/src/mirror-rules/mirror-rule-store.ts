// Which repositories are mirrored, and what was seen of their tags.
import type { Digest, RepositoryName, Tag } from '@portolan/oci';

/** Selection, platforms, schedule and the rest; what the fields mean is the mirror's business. */
export type MirrorRuleSettings = Readonly<Record<string, unknown>>;

export interface MirrorRule {
  readonly id: number;
  /** Host of the upstream. */
  readonly upstream: string;
  /** Repository at the upstream. */
  readonly path: RepositoryName;
  /** Repository here; one rule writes to it and nobody else. */
  readonly destination: RepositoryName;
  readonly settings: MirrorRuleSettings;
  /** When `serve` runs it next (ms); undefined when it has no schedule. */
  readonly nextRunAt: number | undefined;
  readonly createdAt: number;
  readonly updatedAt: number;
}

export interface NewMirrorRule {
  readonly upstream: string;
  readonly path: RepositoryName;
  readonly destination: RepositoryName;
  readonly settings: MirrorRuleSettings;
  readonly nextRunAt: number | undefined;
}

export interface MirrorTag {
  readonly name: Tag;
  /** Digest at the upstream that was last copied; undefined before the first success. */
  readonly digest: Digest | undefined;
  readonly checkedAt: number;
  readonly changedAt: number | undefined;
  /** First time that the upstream no longer had it; undefined while it has. */
  readonly vanishedAt: number | undefined;
  readonly error: string | undefined;
}

export interface MirrorRuleStore {
  /**
   * The rule, and the destination's namespace as a mirror (is_mirror = 1, sparse indexes allowed, private
   * when it is new). Makes the upstream with empty settings when it is new.
   * @throws StorageError `name-taken` when a rule writes to the destination already, or the namespace
   *   is somebody's own
   */
  create(rule: NewMirrorRule, actor: string): Promise<MirrorRule>;
  /** @throws StorageError `not-found` */
  update(
    id: number,
    changes: { readonly settings: MirrorRuleSettings; readonly nextRunAt: number | undefined },
    actor: string,
  ): Promise<void>;
  findByDestination(destination: RepositoryName): Promise<MirrorRule | undefined>;
  list(): Promise<readonly MirrorRule[]>;
  /** Rules whose `nextRunAt` has come. */
  due(): Promise<readonly MirrorRule[]>;
  setNextRun(id: number, nextRunAt: number | undefined): Promise<void>;
  /** The content stays. @throws StorageError `not-found` */
  delete(id: number, actor: string): Promise<void>;
}

export interface MirrorTagStore {
  list(ruleId: number): Promise<readonly MirrorTag[]>;
  /** Inserts or replaces; many in one transaction. */
  note(ruleId: number, tags: readonly MirrorTag[]): Promise<void>;
  forget(ruleId: number, names: readonly Tag[]): Promise<void>;
}

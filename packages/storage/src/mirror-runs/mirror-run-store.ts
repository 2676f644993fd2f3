// The history of mirror runs, and downloads that a later run can go on with.
import type { Digest, RepositoryName } from '@portolan/oci';

export type MirrorRunOutcome = 'running' | 'ok' | 'partial' | 'failed' | 'limited';

export interface MirrorRun {
  readonly id: number;
  readonly ruleId: number;
  readonly startedAt: number;
  readonly endedAt: number | undefined;
  readonly outcome: MirrorRunOutcome;
  /** Counts, bytes, errors by tag. */
  readonly summary: Readonly<Record<string, unknown>>;
}

export interface MirrorRunStore {
  start(ruleId: number): Promise<MirrorRun>;
  finish(
    id: number,
    outcome: Exclude<MirrorRunOutcome, 'running'>,
    summary: Readonly<Record<string, unknown>>,
  ): Promise<void>;
  /** Newest first. */
  list(ruleId: number, limit: number): Promise<readonly MirrorRun[]>;
}

/** The upload session that holds the first part of a blob. */
export interface MirrorDownloadStore {
  find(repository: RepositoryName, digest: Digest): Promise<string | undefined>;
  set(repository: RepositoryName, digest: Digest, uploadId: string): Promise<void>;
  delete(repository: RepositoryName, digest: Digest): Promise<void>;
}

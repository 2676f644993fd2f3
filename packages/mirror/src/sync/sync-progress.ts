// What a run tells while it goes on. Called as things happen, never awaited.
import type { CopyProgress } from '../copy/copy-request.ts';
import type { PruneReport } from './prune-rule.ts';
import type { ImageResult, RunReport } from './run-report.ts';

export interface SyncProgress {
  ruleStarted(rule: { readonly source: string; readonly destination: string }): void;
  /** Another run of the rule goes on, or was killed a moment ago. */
  ruleWaits(destination: string): void;
  /** How many images the rule has at the upstream. */
  ruleFound(destination: string, images: number): void;
  imageStarted(destination: string, tag: string): CopyProgress;
  imageDone(destination: string, result: ImageResult): void;
  /** After its prune, if it had one. */
  ruleEnded(report: RunReport, pruned: PruneReport | undefined): void;
}

const nothing = (): void => undefined;

export const SILENT_COPY: CopyProgress = {
  blobStarted: nothing,
  bytes: nothing,
  blobDone: nothing,
};

export const SILENT_SYNC: SyncProgress = {
  ruleStarted: nothing,
  ruleWaits: nothing,
  ruleFound: nothing,
  imageStarted: () => SILENT_COPY,
  imageDone: nothing,
  ruleEnded: nothing,
};

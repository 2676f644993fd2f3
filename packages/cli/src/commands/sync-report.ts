// What a `sync` says: a line for each image as it is done, and one about all of them.
import type { SyncProblem, SyncResult } from '@portolan/mirror';
import { reasonOf } from '@portolan/oci';
import { EXIT, type ExitCode } from '../terminal/exit-codes.ts';
import { formatBytes } from '../terminal/format-bytes.ts';
import type { Output } from '../terminal/output.ts';

export interface SyncReport {
  readonly results: readonly SyncResult[];
  readonly problems: readonly SyncProblem[];
  /** Images that were found. */
  readonly total: number;
  readonly isDryRun: boolean;
}

const WORDS: Readonly<Record<SyncResult['status'], string>> = {
  copied: 'copied',
  unchanged: 'unchanged',
  missing: 'would copy',
  failed: 'failed',
};

export function resultLine({ source, target, status, error }: SyncResult): string {
  const line = `${WORDS[status]}: ${source} → ${target}`;
  return error === undefined ? line : `${line}: ${reasonOf(error)}`;
}

function count({ results }: SyncReport, status: SyncResult['status']): number {
  return results.filter((result) => result.status === status).length;
}

function failures(report: SyncReport): number {
  return count(report, 'failed') + report.problems.length;
}

export function summaryLine(report: SyncReport): string {
  const { results, total, isDryRun } = report;
  const failed = failures(report);
  const skipped = total - results.length;
  const bytes = results.reduce((sum, result) => sum + result.bytes, 0);
  const done = isDryRun
    ? [`${count(report, 'missing')} would be copied`]
    : [`${count(report, 'copied')} copied`];
  const parts = [
    ...done,
    `${count(report, 'unchanged')} unchanged`,
    `${failed} failed`,
    ...(skipped > 0 ? [`${skipped} not tried`] : []),
    ...(isDryRun ? [] : [formatBytes(bytes)]),
  ];
  return `${total} ${total === 1 ? 'image' : 'images'}: ${parts.join(', ')}`;
}

/** skopeo does it without a word, and then the digest at the destination is another. */
export function noteNarrowed(output: Output, { results }: SyncReport): void {
  const narrowed = results.filter(({ isNarrowed }) => isNarrowed).length;
  if (narrowed === 0) return;
  const subject = narrowed === 1 ? '1 image is' : `${narrowed} images are`;
  output.note(`${subject} one platform of an index; --all keeps the index and its digest`);
}

export function writeReport(output: Output, format: 'table' | 'json', report: SyncReport): void {
  if (format === 'table') {
    output.text(summaryLine(report));
    return;
  }
  output.record({
    images: report.results.map(({ error, digest, isNarrowed, ...result }) => ({
      ...result,
      digest: digest ?? null,
      onePlatform: isNarrowed,
      error: error === undefined ? null : reasonOf(error),
    })),
    problems: report.problems.map(({ label, error }) => ({
      source: label,
      error: reasonOf(error),
    })),
    total: report.total,
    failed: failures(report),
    dryRun: report.isDryRun,
  });
}

export function exitCodeOfReport(report: SyncReport): ExitCode {
  if (failures(report) > 0) return EXIT.failed;
  return report.total === 0 ? EXIT.notFound : EXIT.ok;
}

/** skopeo's `--digestfile`: a line for each image that is at its target now. */
export function digestLines({ results }: SyncReport): string {
  return results
    .filter(({ status }) => status === 'copied' || status === 'unchanged')
    .map(({ digest, target }) => `${digest ?? ''} ${target}\n`)
    .join('');
}

// How an export ends that lacks something: its exit code is that of the worst of its failures.
import type { ExportResult } from '@portolan/mirror';
import { DomainError } from '@portolan/oci';
import { EXIT, type ExitCode } from '../terminal/exit-codes.ts';
import { CommandFailure } from '../terminal/explain-failure.ts';

function exitCodeOf({ failed }: Pick<ExportResult, 'failed'>): ExitCode {
  const codes = new Set(
    failed.map(({ error }) => (error instanceof DomainError ? error.code : undefined)),
  );
  if (codes.has('upstream-corrupt')) return EXIT.verification;
  return codes.has('upstream-limited') ? EXIT.limited : EXIT.failed;
}

/** @throws CommandFailure unless all is there */
export function requireComplete(result: Pick<ExportResult, 'failed' | 'document'>): void {
  const { failed, document } = result;
  if (failed.length === 0) return;
  const exitCode = exitCodeOf(result);
  const state = document === undefined ? 'nothing was written' : 'the bundle holds the others';
  const next =
    exitCode === EXIT.limited
      ? "\n  An upstream's limit is reached: run it again later, it goes on where it was."
      : '';
  throw new CommandFailure(`${failed.length} could not be exported; ${state}${next}`, exitCode);
}

// Turns whatever a command threw into what the person reads: what went wrong, why, what to do next.
// A stack trace is for `--debug`.
import { DomainError } from '@portolan/oci';
import { SettingsError } from '../config/settings-problem.ts';
import { explainRefusal } from './access-refusal.ts';
import { EXIT, type ExitCode, exitCodeOf } from './exit-codes.ts';
import { factLines } from './fact-lines.ts';
import { printableLines } from './printable.ts';

/** Data, so that it can go from one process to another and still be told like any other. */
export interface Failure {
  readonly message: string;
  /** Facts and what to do next, a line for each; undefined when the message says it all. */
  readonly hint: string | undefined;
  readonly exitCode: ExitCode;
}

export interface CommandFailureOptions {
  readonly hint?: string | undefined;
  readonly cause?: unknown;
}

/** A failure that already knows its words and its code. */
export class CommandFailure extends Error {
  override readonly name = 'CommandFailure';
  readonly exitCode: ExitCode;
  readonly hint: string | undefined;

  constructor(
    message: string,
    exitCode: ExitCode = EXIT.failed,
    { hint, cause }: CommandFailureOptions = {},
  ) {
    super(message, { cause });
    this.exitCode = exitCode;
    this.hint = hint;
  }
}

const SYSTEM_ERRORS: Readonly<Record<string, string>> = {
  EEXIST: 'A file is where a directory should be. Choose another directory with --data-dir.',
  ENOTDIR: 'A file is where a directory should be. Choose another directory with --data-dir.',
  EROFS: 'The file system is read-only. Choose another directory with --data-dir.',
  ENOSPC: 'The disk is full. Free some space and try again.',
  SQLITE_FULL: 'The disk is full. Free some space and try again.',
  SQLITE_CANTOPEN: 'Check that the data directory exists and that this user may write there.',
  SQLITE_READONLY: 'Run as the user that owns the data directory, or correct its permissions.',
  SQLITE_BUSY: 'Another process holds the database. Try again.',
  SQLITE_CORRUPT: 'The database is damaged. Stop the server and restore a backup.',
  SQLITE_NOTADB: 'The file portolan.db is not a database of Portolan. Check --data-dir.',
};

/** A line for each fact, and the hint. */
function words(detail: Readonly<Record<string, unknown>>): string | undefined {
  const { hint, ...facts } = detail;
  const shown = factLines(facts);
  const lines = typeof hint === 'string' ? [...shown, hint] : shown;
  return lines.length === 0 ? undefined : lines.join('\n');
}

function ofSystem(error: NodeJS.ErrnoException): Failure {
  const refusal = explainRefusal(error);
  if (refusal !== undefined) {
    const { path, hint } = refusal;
    return { message: `permission denied: ${path}`, hint, exitCode: EXIT.failed };
  }
  const { message, code } = error;
  const hint = SYSTEM_ERRORS[code ?? ''] ?? 'Run again with --debug for the details.';
  return { message, hint, exitCode: EXIT.failed };
}

export function explainFailure(error: unknown): Failure {
  if (error instanceof DomainError) {
    const { message, detail, code } = error;
    return { message, hint: words(detail), exitCode: exitCodeOf(code) };
  }
  if (error instanceof SettingsError) {
    return { message: error.message, hint: undefined, exitCode: EXIT.usage };
  }
  if (error instanceof CommandFailure) {
    const { message, hint, exitCode } = error;
    return { message, hint, exitCode };
  }
  if (error instanceof Error) return ofSystem(error);
  return { message: String(error), hint: undefined, exitCode: EXIT.failed };
}

/** What is written to the terminal. */
export function failureText({ message, hint }: Failure): string {
  const more = hint === undefined ? [] : hint.split('\n').map((line) => `  ${line}`);
  return printableLines([`error: ${message}`, ...more].join('\n'));
}

/** With where it came from, for `--debug`. */
export function stackText(error: unknown): string {
  return error instanceof Error ? printableLines(error.stack ?? '') : '';
}

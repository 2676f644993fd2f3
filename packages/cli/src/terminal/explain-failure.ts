// Turns whatever a command threw into what the person reads: what went wrong, why, what to do next.
// A stack trace is for `--debug`.
import { DomainError } from '@portolan/oci';
import { SettingsError } from '../config/settings-problem.ts';
import { EXIT, type ExitCode, exitCodeOf } from './exit-codes.ts';
import { printableLines } from './printable.ts';

export interface Failure {
  readonly text: string;
  readonly exitCode: ExitCode;
}

/** A failure that already knows its words and its code. */
export class CommandFailure extends Error {
  override readonly name = 'CommandFailure';
  readonly exitCode: ExitCode;

  constructor(message: string, exitCode: ExitCode = EXIT.failed, options?: { cause?: unknown }) {
    super(message, options);
    this.exitCode = exitCode;
  }
}

const SYSTEM_ERRORS: Readonly<Record<string, string>> = {
  EACCES: 'Run as the user that owns the data directory, or correct its permissions.',
  EPERM: 'Run as the user that owns the data directory, or correct its permissions.',
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

function words(detail: Readonly<Record<string, unknown>>): string[] {
  const { hint, ...facts } = detail;
  const shown = Object.entries(facts).map(([key, value]) =>
    typeof value === 'string' ? `  ${key}: ${value}` : `  ${key}: ${JSON.stringify(value)}`,
  );
  return typeof hint === 'string' ? [...shown, `  ${hint}`] : shown;
}

function ofDomain(error: DomainError): Failure {
  const text = [`error: ${error.message}`, ...words(error.detail)].join('\n');
  return { text, exitCode: exitCodeOf(error.code) };
}

function ofSystem(error: NodeJS.ErrnoException): Failure {
  const hint = SYSTEM_ERRORS[error.code ?? ''] ?? 'Run again with --debug for the details.';
  return { text: `error: ${error.message}\n  ${hint}`, exitCode: EXIT.failed };
}

export function explainFailure(error: unknown, isDebug = false): Failure {
  const failure = describe(error);
  const stack = isDebug && error instanceof Error ? `\n${error.stack ?? ''}` : '';
  return { ...failure, text: printableLines(failure.text + stack) };
}

function describe(error: unknown): Failure {
  if (error instanceof DomainError) return ofDomain(error);
  if (error instanceof SettingsError) return { text: error.message, exitCode: EXIT.usage };
  if (error instanceof CommandFailure) {
    return { text: `error: ${error.message}`, exitCode: error.exitCode };
  }
  if (error instanceof Error) return ofSystem(error);
  return { text: `error: ${String(error)}`, exitCode: EXIT.failed };
}

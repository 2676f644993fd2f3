// A file that was named and cannot be read or written: which one, by its whole name, and why.
import { resolve } from 'node:path';
import { explainRefusal } from './access-refusal.ts';

export interface FileFailure {
  readonly message: string;
  readonly hint: string;
}

const REASONS: Readonly<Record<string, string>> = {
  ENOENT: 'there is no such file',
  ENOTDIR: 'there is no such file: what stands before the last `/` is no directory',
  EISDIR: 'it is a directory',
  EROFS: 'its file system is read-only',
  ENOSPC: 'the disk is full',
};

export interface Advice {
  /** For a file that is not there. */
  readonly absent?: string;
  /** For one that may not be read: another way to give what is in it. */
  readonly refused?: string;
}

function reasonOf(cause: unknown, { absent, refused }: Advice): string {
  const refusal = explainRefusal(cause);
  if (refusal !== undefined) {
    return refused === undefined ? refusal.hint : `${refusal.hint}\n${refused}`;
  }
  const { code = '', message } = cause as NodeJS.ErrnoException;
  const reason = REASONS[code] ?? message;
  return code === 'ENOENT' && absent !== undefined ? `${reason}: ${absent}` : reason;
}

export function readFailure(file: string, cause: unknown, advice: Advice = {}): FileFailure {
  return { message: `cannot read ${resolve(file)}`, hint: reasonOf(cause, advice) };
}

export function writeFailure(file: string, cause: unknown): FileFailure {
  const { code } = cause as NodeJS.ErrnoException;
  const hint = code === 'ENOENT' ? 'make its directory first' : reasonOf(cause, {});
  return { message: `cannot write ${resolve(file)}`, hint };
}

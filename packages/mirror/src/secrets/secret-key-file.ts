// The key of the secret box: 64 hex digits in a file that its owner alone can read. Of several
// processes that make it at the same time one wins, and all of them use that one's.
import { randomBytes } from 'node:crypto';
import {
  closeSync,
  fstatSync,
  fsyncSync,
  linkSync,
  mkdirSync,
  openSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { dirname } from 'node:path';
import { mirrorError } from '../errors.ts';

const OTHERS_MASK = 0o077;
const KEY_BYTES = 32;
const CONTENT = /^([0-9a-f]{64})\n?$/;

function refused(message: string, hint: string): Error {
  return mirrorError('secret-unreadable', message, { hint });
}

function errorCode(error: unknown): string | undefined {
  return (error as NodeJS.ErrnoException).code;
}

function readKey(file: string): Buffer | undefined {
  let fd: number;
  try {
    fd = openSync(file, 'r');
  } catch (error) {
    if (errorCode(error) === 'ENOENT') return undefined;
    throw error;
  }
  try {
    if ((fstatSync(fd).mode & OTHERS_MASK) !== 0) {
      const hint = 'run `chmod 600` on it; if it may have been copied, change the passwords';
      throw refused(`the key ${file} can be read by others`, hint);
    }
    const [, hex] = CONTENT.exec(readFileSync(fd, 'latin1')) ?? [];
    if (hex === undefined) throw refused(`the key ${file} is damaged`, 'restore it from a backup');
    return Buffer.from(hex, 'hex');
  } finally {
    closeSync(fd);
  }
}

function syncDirectory(directory: string): void {
  const fd = openSync(directory, 'r');
  try {
    fsyncSync(fd);
  } finally {
    closeSync(fd);
  }
}

/** Whole and durable before it has its name: what is sealed with a key must not outlive it. */
function makeKey(file: string): void {
  const directory = dirname(file);
  mkdirSync(directory, { recursive: true, mode: 0o700 });
  const draft = `${file}.${randomBytes(8).toString('hex')}.new`;
  const fd = openSync(draft, 'wx', 0o600);
  try {
    writeFileSync(fd, `${randomBytes(KEY_BYTES).toString('hex')}\n`);
    fsyncSync(fd);
  } finally {
    closeSync(fd);
  }
  try {
    linkSync(draft, file);
  } catch (error) {
    if (errorCode(error) !== 'EEXIST') throw error;
  } finally {
    rmSync(draft);
  }
  syncDirectory(directory);
}

/** @throws MirrorError `secret-unreadable` when others can read it, or it is damaged */
export function loadSecretKey(file: string): Buffer {
  const known = readKey(file);
  if (known !== undefined) return known;
  makeKey(file);
  const made = readKey(file);
  if (made === undefined) throw refused(`the key ${file} is gone again`, 'try again');
  return made;
}

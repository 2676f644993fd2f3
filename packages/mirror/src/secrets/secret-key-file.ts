// The key of the secret box: 64 hex digits in a file that its owner alone can read. Of several
// processes that make it at the same time one wins, and all of them use that one's.
import { isMissing, writeFileDurably } from '@portolan/storage';
import { randomBytes } from 'node:crypto';
import { type FileHandle, mkdir, open } from 'node:fs/promises';
import { dirname } from 'node:path';
import { mirrorError } from '../errors.ts';

const OTHERS_MASK = 0o077;
const KEY_BYTES = 32;
const CONTENT = /^([0-9a-f]{64})\n?$/;

function refused(message: string, hint: string): Error {
  return mirrorError('secret-unreadable', message, { hint });
}

async function openIfThere(file: string): Promise<FileHandle | undefined> {
  try {
    return await open(file, 'r');
  } catch (error) {
    if (isMissing(error)) return undefined;
    throw error;
  }
}

async function readKey(file: string): Promise<Buffer | undefined> {
  const handle = await openIfThere(file);
  if (handle === undefined) return undefined;
  try {
    const { mode } = await handle.stat();
    if ((mode & OTHERS_MASK) !== 0) {
      const hint = 'run `chmod 600` on it; if it may have been copied, change the passwords';
      throw refused(`the key ${file} can be read by others`, hint);
    }
    const [, hex] = CONTENT.exec(await handle.readFile('latin1')) ?? [];
    if (hex === undefined) throw refused(`the key ${file} is damaged`, 'restore it from a backup');
    return Buffer.from(hex, 'hex');
  } finally {
    await handle.close();
  }
}

/** Whole and durable before it has its name: what is sealed with a key must not outlive it. */
async function makeKey(file: string): Promise<void> {
  await mkdir(dirname(file), { recursive: true, mode: 0o700 });
  await writeFileDurably(file, `${randomBytes(KEY_BYTES).toString('hex')}\n`, {
    mode: 0o600,
    temporary: `${file}.${randomBytes(8).toString('hex')}.new`,
    keepsExisting: true,
  });
}

/** @throws MirrorError `secret-unreadable` when others can read it, or it is damaged */
export async function loadSecretKey(file: string): Promise<Buffer> {
  const known = await readKey(file);
  if (known !== undefined) return known;
  await makeKey(file);
  const made = await readKey(file);
  if (made === undefined) throw refused(`the key ${file} is gone again`, 'try again');
  return made;
}

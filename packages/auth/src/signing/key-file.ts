// Private keys: PKCS#8 PEM files `keys/<kid>.pem` that their owner alone can read. The kid is a
// thumbprint that we computed, never text from outside, so it may be part of a path.
import { writeFileDurably } from '@portolan/storage';
import { createPrivateKey, type KeyObject } from 'node:crypto';
import { mkdir, open, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { authError } from '../errors.ts';

const OTHERS_MASK = 0o077;

function pathOf(directory: string, kid: string): string {
  return join(directory, `${kid}.pem`);
}

/** Durable before it returns: a published key whose file is gone could not be replaced in time. */
export async function writePrivateKey(
  directory: string,
  kid: string,
  privateKey: KeyObject,
): Promise<void> {
  await mkdir(directory, { recursive: true, mode: 0o700 });
  const pem = privateKey.export({ type: 'pkcs8', format: 'pem' });
  await writeFileDurably(pathOf(directory, kid), pem, { mode: 0o600 });
}

/** @throws AuthError `signing-key-missing`, `signing-key-exposed` */
export async function readPrivateKey(directory: string, kid: string): Promise<KeyObject> {
  const path = pathOf(directory, kid);
  const file = await open(path, 'r').catch((cause: unknown) => {
    throw authError(
      'signing-key-missing',
      `the private key ${path} cannot be read`,
      { hint: 'restore the file from a backup, or run `portolan key rotate --now`' },
      cause,
    );
  });
  try {
    const { mode } = await file.stat();
    if ((mode & OTHERS_MASK) !== 0) {
      throw authError('signing-key-exposed', `the private key ${path} can be read by others`, {
        hint: 'run `chmod 600` on it, and `portolan key rotate --now` if it may have been copied',
      });
    }
    return createPrivateKey(await file.readFile());
  } finally {
    await file.close();
  }
}

export async function removePrivateKey(directory: string, kid: string): Promise<void> {
  await rm(pathOf(directory, kid), { force: true });
}

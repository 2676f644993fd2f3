// What belongs to the ACME server's account, in `acme/` beside the certificates: its key, and the
// answers to challenges, as files so that whichever process is asked can answer.
import { mkdir, readFile, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { readIfThere, writeWhole } from '../files/whole-file.ts';

/** RFC 8555 §8.3: base64url. No path comes of it. */
const TOKEN = /^[A-Za-z0-9_-]{1,128}$/;

function folderOf(certificates: string): string {
  return join(certificates, 'acme');
}

/** What `/.well-known/acme-challenge/TOKEN` answers; undefined for a token that is not ours. */
export async function readChallenge(
  certificates: string,
  token: string,
): Promise<string | undefined> {
  return TOKEN.test(token) ? readIfThere(join(folderOf(certificates), token)) : undefined;
}

export async function writeChallenge(
  certificates: string,
  token: string,
  answer: string,
): Promise<void> {
  if (!TOKEN.test(token)) throw new Error('the ACME server has sent a token that is none');
  await writeFile(join(folderOf(certificates), token), answer, { mode: 0o600 });
}

export async function removeChallenge(certificates: string, token: string): Promise<void> {
  if (TOKEN.test(token)) await rm(join(folderOf(certificates), token), { force: true });
}

/** Made when it is first needed; of several processes that make it one wins. */
export async function loadAccountKey(
  certificates: string,
  makeKey: () => Promise<Buffer>,
): Promise<string> {
  const folder = folderOf(certificates);
  const path = join(folder, 'account.key');
  const known = await readIfThere(path);
  if (known !== undefined) return known;
  await mkdir(folder, { recursive: true, mode: 0o700 });
  await writeWhole(path, await makeKey(), { mode: 0o600, keepsExisting: true });
  return readFile(path, 'utf8');
}

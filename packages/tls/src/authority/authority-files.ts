// Where the authority lies, in the data directory:
//
//   ca/
//   ├── ca.crt                its certificate, for clients
//   ├── ca.key                its key and its certificate: what it is (0600)
//   └── retired-<random>.key  one that was replaced: only its certificate is ever read again
//                             (.crt when its key was elsewhere)
//
// Key and certificate are one file, which is there whole or not at all. It is never written over: of
// two processes that make an authority one gets the name, and of two that replace one, one moves it
// away. So no key is lost, and nobody waits for a lock.
import { isMissing } from '@portolan/storage';
import { randomBytes } from 'node:crypto';
import { mkdir, open, readdir, rename } from 'node:fs/promises';
import { join } from 'node:path';
import { certificateBlocks, keyBlock } from '../certificates/certificate-pem.ts';
import { tlsError } from '../errors.ts';
import { readIfThere, writeWhole } from '../files/whole-file.ts';
import type { KeyAndCertificate } from './sign-certificate.ts';

const OTHERS_MASK = 0o077;

function pathsOf(directory: string) {
  return { certificate: join(directory, 'ca.crt'), key: join(directory, 'ca.key') };
}

async function readSecret(path: string): Promise<string | undefined> {
  const file = await open(path, 'r').catch((error: unknown) => {
    if (isMissing(error)) return undefined;
    throw error;
  });
  if (file === undefined) return undefined;
  try {
    if (((await file.stat()).mode & OTHERS_MASK) !== 0) {
      throw tlsError('authority-invalid', `the key ${path} can be read by others`, {
        hint: 'run `chmod 600` on it; if it may have been copied, make a new authority with `portolan ca init --force-new`',
      });
    }
    return await file.readFile('utf8');
  } finally {
    await file.close();
  }
}

/**
 * The certificate alone, for those who serve it; needs no right to read the key. Whatever else somebody put
 * into the file, such as that key, goes to nobody. @throws TlsError `authority-invalid`
 */
export async function readAuthorityCertificate(directory: string): Promise<string | undefined> {
  const path = pathsOf(directory).certificate;
  const text = await readIfThere(path);
  if (text === undefined) return undefined;
  const [certificate] = certificateBlocks(text);
  if (certificate !== undefined) return certificate;
  throw tlsError('authority-invalid', `there is no certificate in ${path}`, {
    hint: 'restore it from a backup, or remove it: `portolan ca show` writes it again from the key',
  });
}

export async function isAuthorityCertificateThere(directory: string): Promise<boolean> {
  return (await readIfThere(pathsOf(directory).certificate)) !== undefined;
}

async function writeAuthorityCertificate(directory: string, certificate: string): Promise<void> {
  await writeWhole(pathsOf(directory).certificate, certificate, { mode: 0o644 });
}

/** @throws TlsError `authority-invalid` */
export async function readAuthorityFiles(
  directory: string,
): Promise<KeyAndCertificate | undefined> {
  const paths = pathsOf(directory);
  const text = await readSecret(paths.key);
  if (text === undefined) return undefined;
  const [certificate] = certificateBlocks(text);
  const key = keyBlock(text);
  if (certificate === undefined || key === undefined) {
    throw tlsError('authority-invalid', `${paths.key} lacks the key or the certificate`, {
      hint: 'restore it from a backup, or make a new authority with `portolan ca init --force-new`',
    });
  }
  // After a crash between the two, or a restore of the key alone.
  if ((await readIfThere(paths.certificate)) !== certificate) {
    await writeAuthorityCertificate(directory, certificate);
  }
  return { certificate, key };
}

/** @throws TlsError `authority-exists` when another process was first */
export async function writeAuthorityFiles(
  directory: string,
  { certificate, key }: KeyAndCertificate,
): Promise<void> {
  await mkdir(directory, { recursive: true, mode: 0o700 });
  const path = pathsOf(directory).key;
  const content = key + certificate;
  await writeWhole(path, content, { mode: 0o600, keepsExisting: true });
  if ((await readIfThere(path)) !== content) throw authorityExists(directory);
  await writeAuthorityCertificate(directory, certificate);
}

/** Moves it away; what it has issued goes on to hold, and clients go on to get its certificate. */
export async function retireAuthorityFiles(directory: string): Promise<void> {
  const paths = pathsOf(directory);
  const retired = join(directory, `retired-${randomBytes(8).toString('hex')}`);
  try {
    await rename(paths.key, `${retired}.key`);
  } catch (error) {
    if (!isMissing(error)) throw error;
    const certificate = await readIfThere(paths.certificate);
    if (certificate !== undefined) await writeWhole(`${retired}.crt`, certificate, { mode: 0o644 });
  }
}

/** Whoever may read the certificate alone gets that alone. */
async function readIfAllowed(path: string): Promise<string | undefined> {
  return readIfThere(path).catch((error: NodeJS.ErrnoException) => {
    if (error.code === 'EACCES') return undefined;
    throw error;
  });
}

/**
 * The certificate in `ca.key`, for whoever may read that: `ca.crt` is of another authority until somebody signs,
 * when the key was restored over a newer one. Nothing is written, so a directory may be read-only.
 */
export async function readCertificateOfKey(directory: string): Promise<string | undefined> {
  const [certificate] = certificateBlocks((await readIfAllowed(pathsOf(directory).key)) ?? '');
  return certificate;
}

/** Of those that were replaced; without their keys. */
export async function readRetiredCertificates(directory: string): Promise<readonly string[]> {
  const names = await readdir(directory).catch((error: unknown) => {
    if (isMissing(error)) return [];
    throw error;
  });
  const retired = names.filter((name) => /^retired-.*\.(?:key|crt)$/.test(name));
  const texts = await Promise.all(retired.map((name) => readIfAllowed(join(directory, name))));
  // Of two processes that replace one, the second finds its certificate alone.
  return [...new Set(texts.flatMap((text) => certificateBlocks(text ?? '').slice(0, 1)))];
}

/** @param names as options of the command: what the one here is for */
export function authorityKeyMissing(directory: string, names: string): Error {
  const command = `portolan ca init --force-new ${names}`.trim();
  return tlsError(
    'authority-invalid',
    `the authority's key is missing: ${pathsOf(directory).key}`,
    {
      hint: `restore it, from a backup or from where you keep it. Only if it is lost, make another authority, which every client has to trust anew: \`${command}\``,
    },
  );
}

export function authorityExists(directory: string): Error {
  return tlsError('authority-exists', 'there is an authority already', {
    directory,
    hint: '`portolan ca show` shows it. `portolan ca init --force-new` makes another one, which every client has to trust anew.',
  });
}

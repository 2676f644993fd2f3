// The directory of the certificates that this server uses:
//
//   tls/
//   ├── registry.lan.pem            certificate, chain and key, as HAProxy wants them (0600)
//   ├── other.lan.crt, other.lan.key    the same as a pair, from whoever prefers that
//   ├── renewal/registry.lan.json   how to make the next one: issued by us, or by an ACME server
//   └── acme/                       account key, and the answers to challenges
//
// HAProxy reads every file of a directory that it is pointed at, but no directories in it and nothing
// that begins with a dot.
import { isVacant } from '@portolan/storage';
import { X509Certificate } from 'node:crypto';
import { mkdir, readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { tlsError } from '../errors.ts';
import { writeWhole } from '../files/whole-file.ts';
import { certificateBlocks } from './certificate-pem.ts';

/** One certificate with its key, in one file or two. */
export interface CertificateFile {
  /** `registry.lan.pem`, or the `.crt` of a pair. */
  readonly file: string;
  readonly certificatePath: string;
  /** The same path for a `.pem`. */
  readonly keyPath: string;
}

function toFile(directory: string, file: string): CertificateFile {
  const certificatePath = join(directory, file);
  return { file, certificatePath, keyPath: certificatePath.replace(/\.crt$/, '.key') };
}

/** By name; none when the directory is not there yet. */
export async function listCertificateFiles(directory: string): Promise<readonly CertificateFile[]> {
  const names = await readdir(directory).catch((error: unknown) => {
    if (isVacant(error)) return [];
    throw error;
  });
  const there = new Set(names);
  return names
    .filter((name) => !name.startsWith('.'))
    .filter(
      (name) =>
        name.endsWith('.pem') ||
        (name.endsWith('.crt') && there.has(name.replace(/\.crt$/, '.key'))),
    )
    .sort()
    .map((name) => toFile(directory, name));
}

/** The server's own certificate in a file. @throws TlsError `certificate-invalid` */
export async function readOwnCertificate(file: CertificateFile): Promise<X509Certificate> {
  const [block] = certificateBlocks(await readFile(file.certificatePath, 'utf8'));
  try {
    if (block !== undefined) return new X509Certificate(block);
  } catch (error) {
    throw tlsError('certificate-invalid', `${file.file} cannot be read`, {}, error);
  }
  throw tlsError('certificate-invalid', `there is no certificate in ${file.file}`);
}

/** @param stem the file's name without `.pem` @returns the file's name */
export async function writeCertificateFile(
  directory: string,
  stem: string,
  pem: string,
): Promise<string> {
  await mkdir(directory, { recursive: true, mode: 0o700 });
  const file = `${stem}.pem`;
  await writeWhole(join(directory, file), pem, { mode: 0o600 });
  return file;
}

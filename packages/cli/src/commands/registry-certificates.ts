// Certificates for a registry, from directories as skopeo and docker have them (containers-certs.d(5)).
import { DomainError } from '@portolan/oci';
import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { readFailure } from '../terminal/file-failure.ts';

async function namesIn(directory: string, isNamed: boolean): Promise<readonly string[]> {
  try {
    return await readdir(directory);
  } catch (cause) {
    if (!isNamed) return [];
    const { message, hint } = readFailure(directory, cause);
    throw new DomainError('request-invalid', message, { hint }, { cause });
  }
}

function refuseClientCertificates(directory: string, names: readonly string[]): void {
  const client = names.find((name) => name.endsWith('.cert'));
  if (client === undefined) return;
  throw new DomainError('request-invalid', 'client certificates are not supported', {
    file: join(directory, client),
    hint: 'log in with a user name and a password, or remove the file from the directory',
  });
}

async function readDirectory(directory: string, isNamed: boolean): Promise<string | undefined> {
  const names = await namesIn(directory, isNamed);
  refuseClientCertificates(directory, names);
  const files = names.filter((name) => name.endsWith('.crt')).sort();
  const texts = await Promise.all(files.map((name) => readFile(join(directory, name), 'utf8')));
  return texts.length === 0 ? undefined : texts.join('\n');
}

/** PEM; `named` is a directory by itself, the others have one for each host. */
export async function readCertificates(
  host: string,
  named: string | undefined,
  directories: readonly string[],
): Promise<string | undefined> {
  if (named !== undefined && named !== '') return readDirectory(named, true);
  for (const directory of directories) {
    const found = await readDirectory(join(directory, host), false);
    if (found !== undefined) return found;
  }
  return undefined;
}

// A file that was named on the command line.
import { DomainError } from '@portolan/oci';
import { readFile } from 'node:fs/promises';

/** @throws DomainError `request-invalid` */
export async function readNamedFile(
  file: string,
  hint = 'check the name and that you may read it',
): Promise<string> {
  try {
    return await readFile(file, 'utf8');
  } catch (cause) {
    throw new DomainError('request-invalid', `cannot read ${file}`, { hint }, { cause });
  }
}

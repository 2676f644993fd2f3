// A file that was named on the command line.
import { DomainError } from '@portolan/oci';
import { readFile } from 'node:fs/promises';
import { type Advice, readFailure } from '../terminal/file-failure.ts';

/** @throws DomainError `request-invalid` */
export async function readNamedFile(file: string, advice?: Advice): Promise<string> {
  try {
    return await readFile(file, 'utf8');
  } catch (cause) {
    const { message, hint } = readFailure(file, cause, advice);
    throw new DomainError('request-invalid', message, { hint }, { cause });
  }
}

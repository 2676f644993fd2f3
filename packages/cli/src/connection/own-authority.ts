// The certificate that our registry is to be trusted by: of the authority that is built in, or of a file. What
// is read here goes to clients and onto connections, so no key is in it.
import { DomainError } from '@portolan/oci';
import { X509Certificate } from 'node:crypto';
import type { CommandContext } from '../commands/context.ts';
import { readNamedFile } from '../commands/named-file.ts';

const PEM_HINT = 'give certificates as PEM';

/** PEM; undefined where there is none to be seen. */
export async function readOwnAuthority({
  tls,
}: Pick<CommandContext, 'tls'>): Promise<string | undefined> {
  try {
    const { findAuthority } = await import('@portolan/tls');
    return (await findAuthority(tls.directories.authority))?.pem;
  } catch (error) {
    // Without one, or as a user who may not see it, the system's trust is what there is.
    const { code } = error as NodeJS.ErrnoException;
    if (code === 'EACCES') return undefined;
    throw error;
  }
}

/** PEM. @throws DomainError `request-invalid` */
export async function readAuthority(file: string): Promise<string> {
  const text = await readNamedFile(file, PEM_HINT);
  try {
    new X509Certificate(text).toString();
  } catch (cause) {
    const detail = { hint: PEM_HINT };
    throw new DomainError('request-invalid', `${file} is no certificate`, detail, { cause });
  }
  // Keys beside certificates happen; engines get none.
  if (!/-----BEGIN [A-Z ]*PRIVATE KEY-----/.test(text)) return text;
  throw new DomainError('request-invalid', `${file} has a private key in it`, {
    hint: 'give a file with the certificate of the authority alone',
  });
}

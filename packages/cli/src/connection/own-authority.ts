// The certificate that our registry is to be trusted by: of the authority that is built in, or of a file. What
// is read here goes to clients and onto connections, so no key is in it.
import { DomainError } from '@portolan/oci';
import type { RetiredAuthority } from '@portolan/tls';
import { X509Certificate } from 'node:crypto';
import type { CommandContext } from '../commands/context.ts';
import { readNamedFile } from '../commands/named-file.ts';

/** PEM, both. */
export interface OwnAuthority {
  /** What engines and people are given. */
  readonly forClients: string;
  /** What connections of this program take, which look at what a proxy still shows. */
  readonly trusted: string;
  readonly retired: readonly RetiredAuthority[];
}

/** Undefined where there is none to be seen. */
export async function readOwnAuthority({
  tls,
  clock,
}: Pick<CommandContext, 'tls' | 'clock'>): Promise<OwnAuthority | undefined> {
  try {
    const { authoritiesForClients, findTrustedAuthorities } = await import('@portolan/tls');
    const found = await findTrustedAuthorities({ directories: tls.directories, clock });
    if (found === undefined) return undefined;
    const { authority, retired } = found;
    return {
      forClients: authoritiesForClients(found)
        .map(({ pem }) => pem)
        .join(''),
      trusted: [authority, ...retired].map(({ pem }) => pem).join(''),
      retired,
    };
  } catch (error) {
    // Without one, or as a user who may not see it, the system's trust is what there is.
    const { code } = error as NodeJS.ErrnoException;
    if (code === 'EACCES') return undefined;
    throw error;
  }
}

/** PEM. @throws DomainError `request-invalid` */
export async function readAuthority(file: string): Promise<string> {
  const text = await readNamedFile(file);
  try {
    new X509Certificate(text).toString();
  } catch (cause) {
    const detail = { hint: 'give certificates as PEM' };
    throw new DomainError('request-invalid', `${file} is no certificate`, detail, { cause });
  }
  // Keys beside certificates happen; engines get none.
  if (!/-----BEGIN [A-Z ]*PRIVATE KEY-----/.test(text)) return text;
  throw new DomainError('request-invalid', `${file} has a private key in it`, {
    hint: 'give a file with the certificate of the authority alone',
  });
}

// What both commands on clients have to know of our registry: where engines reach it, which certificate
// they need for that, and which registries it mirrors. From the options, else from the data directory.
import { parseRegistryAddress, type RegistryAddress } from '@portolan/clients';
import { DomainError, UpstreamHost } from '@portolan/oci';
import { X509Certificate } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import type { CommandContext } from '../commands/context.ts';

export interface PlaceOptions {
  readonly registry?: string;
  readonly ca?: string;
}

export interface RegistryPlace {
  readonly registry: RegistryAddress;
  /** PEM; undefined where there is none but the system's trust. */
  readonly ca: string | undefined;
  /** Undefined without a data directory. */
  readonly mirrored: readonly UpstreamHost[] | undefined;
}

export async function readOwnAuthority({ tls }: CommandContext): Promise<string | undefined> {
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

/** Engines are configured on machines that have no data directory. */
async function listMirrored(context: CommandContext): Promise<UpstreamHost[] | undefined> {
  if (!context.hasStorage()) return undefined;
  return context.withStorage(async ({ namespaces }) =>
    (await namespaces.list())
      .map(({ name }) => UpstreamHost.ofNamespace(name))
      .filter((host) => host !== undefined),
  );
}

function invalid(message: string, cause: unknown): DomainError {
  const hint = 'give certificates as PEM';
  return new DomainError('request-invalid', message, { hint }, { cause });
}

export async function readAuthority(file: string): Promise<string> {
  const text = await readFile(file, 'utf8').catch((cause: unknown) => {
    throw invalid(`cannot read ${file}`, cause);
  });
  try {
    new X509Certificate(text).toString();
  } catch (cause) {
    throw invalid(`${file} is no certificate`, cause);
  }
  // Keys beside certificates happen; engines get none.
  if (!/-----BEGIN [A-Z ]*PRIVATE KEY-----/.test(text)) return text;
  throw new DomainError('request-invalid', `${file} has a private key in it`, {
    hint: 'give a file with the certificate of the authority alone',
  });
}

export async function findRegistryPlace(
  context: CommandContext,
  options: PlaceOptions,
): Promise<RegistryPlace> {
  const address = options.registry ?? context.publicUrl;
  if (address === undefined) {
    throw new DomainError('request-invalid', 'where engines reach the registry is not known', {
      hint: 'say it with --registry https://registry.lan, or set public_url',
    });
  }
  const registry = parseRegistryAddress(address);
  const { ca: file } = options;
  const ca = file === undefined ? await readOwnAuthority(context) : await readAuthority(file);
  const mirrored = await listMirrored(context);
  return { registry, ca, mirrored };
}

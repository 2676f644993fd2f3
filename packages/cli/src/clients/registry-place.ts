// What both commands on clients have to know of our registry: where engines reach it, which certificate
// they need for that, and which registries it mirrors. From the options, else from the data directory.
import { parseRegistryAddress, type RegistryAddress } from '@portolan/clients';
import { DomainError, type UpstreamHost } from '@portolan/oci';
import type { CommandContext } from '../commands/context.ts';
import { readAuthority, readOwnAuthority } from '../connection/own-authority.ts';
import { listMirrored } from './mirrored-registries.ts';

export interface PlaceOptions {
  readonly registry?: string;
  readonly ca?: string;
}

export interface RegistryPlace {
  readonly registry: RegistryAddress;
  /** PEM, for engines; undefined where there is none but the system's trust. */
  readonly ca: string | undefined;
  /** PEM, for connections of this program: also what engines need no more. */
  readonly trusted: string | undefined;
  /** Undefined without a data directory. */
  readonly mirrored: readonly UpstreamHost[] | undefined;
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
  const given = file === undefined ? undefined : await readAuthority(file);
  const own = given === undefined ? await readOwnAuthority(context) : undefined;
  // Engines are configured on machines that have no data directory.
  const mirrored = context.hasStorage() ? await context.withStorage(listMirrored) : undefined;
  return {
    registry,
    ca: given ?? own?.forClients,
    trusted: given ?? own?.trusted,
    mirrored,
  };
}

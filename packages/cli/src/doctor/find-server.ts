// The server that is to be looked at: the one that `--url` names, or that of this machine's settings. A
// token that is signed here is for nobody but the latter.
import { parseRegistryAddress } from '@portolan/clients';
import type { RetiredAuthority } from '@portolan/tls';
import { listMirrored } from '../clients/mirrored-registries.ts';
import type { Machine, OpenMachine } from './machine.ts';
import type { RegistryLogin } from '../connection/registry-login.ts';
import type { Server } from './server.ts';
import { createServerConnection } from './server-connection.ts';
import { createSignToken } from './sign-token.ts';

export interface ServerOptions {
  readonly url: string | undefined;
  /** PEM. */
  readonly ca: string | undefined;
  /** Authorities of this machine that were replaced. */
  readonly retired: readonly RetiredAuthority[];
  readonly login: RegistryLogin | undefined;
  readonly namespace: string | undefined;
  readonly actor: string;
  readonly clock: () => number;
  readonly randomId: () => string;
}

const TIMEOUT_MS = 4500;

/** The own namespace of whoever pushes: it is there, and private. */
async function findNamespace({ storage }: OpenMachine): Promise<string | undefined> {
  const users = await storage.subjects.list();
  return users.find(({ isAdmin, isDisabled }) => isAdmin && !isDisabled)?.name;
}

/** In a namespace that everybody may read; it need not be there. */
async function findPublicRepository({ storage }: OpenMachine): Promise<string | undefined> {
  const namespaces = await storage.namespaces.list();
  const found = namespaces.find(({ name, visibility }) => name !== '' && visibility === 'public');
  return found && `${found.name}/portolan-doctor`;
}

export async function findServer(
  options: ServerOptions,
  machine: Machine | undefined,
  open: OpenMachine | undefined,
): Promise<Server | string> {
  const url = options.url ?? machine?.names.publicUrl;
  if (url === undefined) return 'the address of the server is not known: give it with --url';
  const address = parseRegistryAddress(url);
  const { ca, retired, login, clock, randomId } = options;
  const isOwn = machine !== undefined && address.origin === new URL(machine.names.publicUrl).origin;
  const own = isOwn ? open : undefined;
  // Somebody else's keys are none that we could sign with.
  const canSign = own?.settings.jwks === undefined && login === undefined;
  return {
    address,
    ca,
    retired,
    connection: createServerConnection({ address, ca, timeoutMs: TIMEOUT_MS }),
    clock,
    randomId,
    views: own === undefined ? undefined : await listMirrored(own.storage),
    isOwn,
    login,
    signToken: own !== undefined && canSign ? createSignToken(own, options.actor) : undefined,
    namespace:
      options.namespace ??
      login?.username ??
      (own === undefined ? undefined : await findNamespace(own)),
    failures: own?.storage.loginFailures,
    publicRepository: own === undefined ? undefined : await findPublicRepository(own),
    allowsAnonymous: own?.settings.policy.anonymous,
  };
}

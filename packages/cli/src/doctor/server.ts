// A server as its clients reach it, and the requests that are sent to it.
import type { RegistryAddress } from '@portolan/clients';
import type { UpstreamHost } from '@portolan/oci';
import type { LoginFailureStore } from '@portolan/storage';
import type { RetiredAuthority } from '@portolan/tls';
import type { RegistryLogin } from '../connection/registry-login.ts';
import type { ServerConnection } from './server-connection.ts';

/** Signs a token for one repository with the keys of this machine. */
export type SignToken = (repository: string) => Promise<string>;

export interface Server {
  readonly address: RegistryAddress;
  /** PEM, trusted beside the system's. */
  readonly ca: string | undefined;
  /** Authorities of this machine that were replaced. */
  readonly retired: readonly RetiredAuthority[];
  readonly connection: ServerConnection;
  readonly clock: () => number;
  readonly randomId: () => string;
  /** Mirrored registries, that can be reached under host names of their own; undefined when not known. */
  readonly views: readonly UpstreamHost[] | undefined;
  /** Whether it is the one of this machine's settings. */
  readonly isOwn: boolean;
  readonly login: RegistryLogin | undefined;
  /** Undefined where there are no keys, or they are not those of this server. */
  readonly signToken: SignToken | undefined;
  /** Where the scratch repository goes; undefined when nobody has said so. */
  readonly namespace: string | undefined;
  /** What is only known on the machine of the server. */
  readonly failures: LoginFailureStore | undefined;
  readonly publicRepository: string | undefined;
  readonly allowsAnonymous: boolean | undefined;
}

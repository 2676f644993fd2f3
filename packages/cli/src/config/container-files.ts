// Where the container tools of a machine keep what they know of registries: logins and certificates. The
// order is that of containers-auth.json(5) and containers-certs.d(5).
import { join } from 'node:path';
import type { Environment } from './environment.ts';

export interface ContainerFiles {
  /** The first that knows the registry counts. */
  readonly authFiles: readonly string[];
  /** A named file must be there; the others need not. */
  readonly isAuthFileNamed: boolean;
  /** Each has a directory `<host[:port]>` with `*.crt`. */
  readonly certDirectories: readonly string[];
}

function under(directory: string | undefined, ...parts: string[]): string[] {
  return directory === undefined || directory === '' ? [] : [join(directory, ...parts)];
}

function defaultAuthFiles(environment: Environment, uid: number | undefined): string[] {
  const home = environment['HOME'];
  const [config] = [
    ...under(environment['XDG_CONFIG_HOME'], 'containers/auth.json'),
    ...under(home, '.config/containers/auth.json'),
  ];
  const [docker] = [
    ...under(environment['DOCKER_CONFIG'], 'config.json'),
    ...under(home, '.docker/config.json'),
  ];
  const [runtime] = [
    ...under(environment['XDG_RUNTIME_DIR'], 'containers/auth.json'),
    ...(uid === undefined ? [] : [`/run/containers/${uid}/auth.json`]),
  ];
  return [runtime, config, docker].filter((file) => file !== undefined);
}

export function findContainerFiles(
  environment: Environment,
  uid: number | undefined,
): ContainerFiles {
  const named = environment['REGISTRY_AUTH_FILE'];
  const isAuthFileNamed = named !== undefined && named !== '';
  return {
    authFiles: isAuthFileNamed ? [named] : defaultAuthFiles(environment, uid),
    isAuthFileNamed,
    certDirectories: [
      ...under(environment['HOME'], '.config/containers/certs.d'),
      '/etc/containers/certs.d',
      '/etc/docker/certs.d',
    ],
  };
}

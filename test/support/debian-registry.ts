// Debian's docker-registry: somebody else's registry, to copy from and to serve with our tokens.
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { startDaemon } from './daemon.ts';
import { findFreePort } from './free-port.ts';
import { createScratchDirectory } from './scratch-directory.ts';

/** `auth.token` of its configuration. */
export interface ForeignTokenAuth {
  readonly realm: string;
  readonly service: string;
  readonly issuer: string;
  /** A PEM file with the certificates of the token service's keys. */
  readonly rootcertbundle: string;
}

export interface DebianRegistryOptions {
  /** Another one's content, so that one is filled without the login that this one asks for. */
  readonly content?: string;
  /** Whether `HTPASSWD_USER` has to log in. */
  readonly hasLogin?: boolean;
  /** PEM files; it then speaks https alone. */
  readonly tls?: { readonly certificate: string; readonly key: string };
}

export interface DebianRegistry {
  /** `127.0.0.1:port` */
  readonly host: string;
  readonly url: string;
  /** The directory of its content. */
  readonly content: string;
  stop(): Promise<void>;
}

export const HTPASSWD_USER = { name: 'reader', password: 'only-for-these-tests' } as const;

/** bcrypt, the only kind that docker-registry takes. */
const HTPASSWD_HASH = '$2b$05$tCNtIg6JEj2oetEl/Vl6Wu0jS6iLkiOsGYDOW2F90Ms3E6W7X95xK';

function accessSettings(auth: ForeignTokenAuth | undefined, htpasswd: string | undefined) {
  if (auth !== undefined) return { auth: { token: auth } };
  return htpasswd === undefined ? {} : { auth: { htpasswd: { realm: 'theirs', path: htpasswd } } };
}

export async function startDebianRegistry(
  auth?: ForeignTokenAuth,
  options: DebianRegistryOptions = {},
): Promise<DebianRegistry> {
  const { hasLogin, tls } = options;
  const scratch = await createScratchDirectory('foreign');
  const host = `127.0.0.1:${await findFreePort()}`;
  const content = options.content ?? join(scratch.path, 'data');
  const htpasswd = hasLogin === true ? join(scratch.path, 'htpasswd') : undefined;
  if (htpasswd !== undefined) await writeFile(htpasswd, `${HTPASSWD_USER.name}:${HTPASSWD_HASH}\n`);
  // JSON is YAML.
  const settings = {
    version: 0.1,
    log: { accesslog: { disabled: true }, level: 'warn' },
    storage: { filesystem: { rootdirectory: content }, delete: { enabled: true } },
    http: { addr: host, ...(tls === undefined ? {} : { tls }) },
    ...accessSettings(auth, htpasswd),
  };
  const file = join(scratch.path, 'config.yml');
  await writeFile(file, JSON.stringify(settings));
  const daemon = await startDaemon({
    file: '/usr/bin/docker-registry',
    args: ['serve', file],
    logFile: join(scratch.path, 'log'),
    // Behind TLS too it answers plain HTTP: with a complaint.
    isReady: () =>
      fetch(`http://${host}/v2/`).then(
        () => true,
        () => false,
      ),
  });
  return {
    host,
    url: `${tls === undefined ? 'http' : 'https'}://${host}`,
    content,
    stop: async () => {
      await daemon.stop();
      await scratch.remove();
    },
  };
}

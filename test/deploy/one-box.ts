// What a proxy stands in front of: `portolan serve auth` and `portolan serve registry` on unix sockets, one
// data directory, certificates of the built-in authority, and a network in which registry.lan is this box.
import { randomBytes } from 'node:crypto';
import { chmod, mkdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { createNetworkNamespace, type NetworkNamespace } from '../support/network-namespace.ts';
import { basic } from '../support/request-token.ts';
import { words } from '../support/run-command.ts';
import { createScratchDirectory } from '../support/scratch-directory.ts';
import { type Portolan, startPortolan } from '../support/start-portolan.ts';
import { createProxiedClient, type ProxiedClient } from './proxied-client.ts';

export const CLIENT_ADDRESS = '192.0.2.7';
export const ADMIN = { name: 'admin', password: randomBytes(18).toString('base64url') } as const;

const HOSTS = ['registry.lan', 'portal.registry.lan', 'docker-io.registry.lan'];
const DEPLOY = join(import.meta.dirname, '../../deploy');

export interface OneBox {
  /** Open to every user: proxies do not run as root. */
  readonly directory: string;
  readonly certificates: string;
  readonly registrySocket: string;
  readonly authSocket: string;
  /** The authority's certificate. */
  readonly caFile: string;
  readonly auth: Portolan;
  readonly registry: Portolan;
  readonly network: NetworkNamespace;
  readonly client: ProxiedClient;
  /** As the administrator, through the proxy. */
  token(scopes: readonly string[]): Promise<string>;
  /** Copies a file of `deploy/`, with other words in it; each must be there. */
  copyDeployed(path: string, replaced: Readonly<Record<string, string>>): Promise<string>;
  stop(): Promise<void>;
}

async function run(portolan: Portolan, line: string): Promise<void> {
  const { code, stderr } = await portolan.cli(...words(line));
  if (code !== 0) throw new Error(`portolan ${line}: ${stderr}`);
}

/** @param group of the proxy's user, that is to open the sockets */
async function startHalves(directory: string, group: string) {
  const dataDir = join(directory, 'data');
  const sockets = join(directory, 'sockets');
  await mkdir(sockets);
  const start = (half: string): Promise<Portolan> =>
    startPortolan({
      command: ['serve', half],
      dataDir,
      env: {
        PORTOLAN_LISTEN: `127.0.0.1:0,unix:${join(sockets, `${half}.sock`)}?owner=:${group}`,
        PORTOLAN_PUBLIC_URL: 'https://registry.lan',
        PORTOLAN_ADMIN_PASSWORD: ADMIN.password,
        PORTOLAN_ACCESS_LOG: 'true',
      },
    });
  const auth = await start('auth');
  return { auth, registry: await start('registry'), dataDir, sockets };
}

async function requestToken(client: ProxiedClient, scopes: readonly string[]): Promise<string> {
  const query = new URLSearchParams({ service: 'registry.lan' });
  for (const scope of scopes) query.append('scope', scope);
  const path = `/token?${query.toString()}`;
  const headers = { authorization: basic(ADMIN) };
  const { status, bytes } = await client.send({ host: 'registry.lan', path, headers });
  if (status !== 200) throw new Error(`token request: ${status} ${bytes.toString()}`);
  return (JSON.parse(bytes.toString()) as { token: string }).token;
}

async function copyDeployed(
  directory: string,
  path: string,
  replaced: Readonly<Record<string, string>>,
): Promise<string> {
  let text = await readFile(join(DEPLOY, path), 'utf8');
  for (const [shipped, own] of Object.entries(replaced)) {
    if (!text.includes(shipped)) throw new Error(`${path} does not say ${shipped}`);
    text = text.replaceAll(shipped, own);
  }
  const copy = join(directory, path.replaceAll('/', '-'));
  await writeFile(copy, text);
  return copy;
}

export async function startOneBox(group: string): Promise<OneBox> {
  const scratch = await createScratchDirectory('box');
  const { path: directory } = scratch;
  await chmod(directory, 0o755);
  const { auth, registry, dataDir, sockets } = await startHalves(directory, group);
  await run(auth, 'ca init --name registry.lan');
  await run(auth, 'ca issue registry.lan *.registry.lan');
  await run(auth, 'ca issue portal.registry.lan');
  await run(auth, 'team create mirrors');
  await run(auth, 'namespace create docker.io --team mirrors --visibility public');
  const caFile = join(dataDir, 'ca', 'ca.crt');
  const network = await createNetworkNamespace({ hosts: HOSTS, clientAddress: CLIENT_ADDRESS });
  const client = createProxiedClient({
    httpSocket: await network.openPort(80),
    httpsSocket: await network.openPort(443),
    ca: await readFile(caFile),
  });
  return {
    directory,
    certificates: join(dataDir, 'tls'),
    registrySocket: join(sockets, 'registry.sock'),
    authSocket: join(sockets, 'auth.sock'),
    caFile,
    auth,
    registry,
    network,
    client,
    token: (scopes) => requestToken(client, scopes),
    copyDeployed: (path, replaced) => copyDeployed(directory, path, replaced),
    async stop() {
      await network.stop();
      await registry.stop();
      await auth.stop();
      await scratch.remove();
    },
  };
}

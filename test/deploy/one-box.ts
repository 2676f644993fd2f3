// What a proxy stands in front of: `portolan serve auth` and `portolan serve registry` on unix sockets, one
// data directory, certificates of the built-in authority, and a network in which registry.lan is this box.
import { randomBytes } from 'node:crypto';
import { chmod, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { createNetworkNamespace, type NetworkNamespace } from '../support/network-namespace.ts';
import { type HalfSockets, prepareHalves } from '../support/portolan-halves.ts';
import { basic } from '../support/request-token.ts';
import { words } from '../support/run-command.ts';
import { createScratchDirectory } from '../support/scratch-directory.ts';
import type { Portolan } from '../support/start-portolan.ts';
import { createProxiedClient, type ProxiedClient } from './proxied-client.ts';

export const CLIENT_ADDRESS = '192.0.2.7';
export const ADMIN = { name: 'admin', password: randomBytes(18).toString('base64url') } as const;

const HOSTS = ['registry.lan', 'portal.registry.lan', 'docker-io.registry.lan'];
const DEPLOY = join(import.meta.dirname, '../../deploy');

export interface OneBox {
  /** Open to every user: proxies do not run as root. */
  readonly directory: string;
  readonly certificates: string;
  readonly sockets: HalfSockets;
  /** On these each connection begins with a PROXY protocol header. */
  readonly proxyProtocolSockets: HalfSockets;
  /** The authority's certificate. */
  readonly caFile: string;
  readonly dataDir: string;
  /** Of both halves. */
  readonly logs: () => string;
  readonly network: NetworkNamespace;
  readonly client: ProxiedClient;
  /** As the administrator, through the proxy. */
  token(scopes: readonly string[]): Promise<string>;
  restartRegistry(): Promise<void>;
  /** Copies a file of `deploy/`, with other words in it; each must be there. */
  copyDeployed(path: string, replaced: Readonly<Record<string, string>>): Promise<string>;
  stop(): Promise<void>;
}

async function run(portolan: Portolan, line: string): Promise<void> {
  const { code, stderr } = await portolan.cli(...words(line));
  if (code !== 0) throw new Error(`portolan ${line}: ${stderr}`);
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

/** Certificates, and a mirrored registry to look at. */
async function furnish(portolan: Portolan): Promise<void> {
  await run(portolan, 'ca init --name registry.lan');
  await run(portolan, 'ca issue registry.lan *.registry.lan');
  await run(portolan, 'ca issue portal.registry.lan');
  await run(portolan, 'team create mirrors');
  await run(portolan, 'namespace create docker.io --team mirrors --visibility public');
}

export async function startOneBox(group: string): Promise<OneBox> {
  const scratch = await createScratchDirectory('box');
  const { path: directory } = scratch;
  await chmod(directory, 0o755);
  const env = { PORTOLAN_ADMIN_PASSWORD: ADMIN.password };
  const { dataDir, start, ...sockets } = await prepareHalves({ directory, group, env });
  const auth = await start('auth');
  let registry = await start('registry');
  await furnish(auth);
  const caFile = join(dataDir, 'ca', 'ca.crt');
  const network = await createNetworkNamespace({ hosts: HOSTS, clientAddress: CLIENT_ADDRESS });
  const client = createProxiedClient({
    httpSocket: await network.openPort(80),
    httpsSocket: await network.openPort(443),
    ca: await readFile(caFile),
  });
  return {
    ...sockets,
    directory,
    certificates: join(dataDir, 'tls'),
    caFile,
    dataDir,
    logs: () => auth.logs() + registry.logs(),
    network,
    client,
    token: (scopes) => requestToken(client, scopes),
    async restartRegistry() {
      await registry.stop();
      registry = await start('registry');
    },
    copyDeployed: (path, replaced) => copyDeployed(directory, path, replaced),
    async stop() {
      await network.stop();
      await registry.stop();
      await auth.stop();
      await scratch.remove();
    },
  };
}

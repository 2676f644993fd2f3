// A Portolan that mirrors, driven by its command line, and what tests look at in it.
import { expect } from 'vitest';
import type { Image } from '../support/image.ts';
import {
  createRegistryClient,
  pushImage,
  type RegistryClient,
} from '../support/registry-client.ts';
import { type CommandResult, runCommand, words } from '../support/run-command.ts';
import {
  type CommandResult as Ended,
  type Portolan,
  type PortolanOptions,
  type RunningCommand,
  runPortolan,
  startCommand,
  startPortolan,
} from '../support/start-portolan.ts';
import type { KindOfImage } from './images.ts';

/** The tests' upstreams are all on this machine, where the mirror does not go unless told. */
export const LOOPBACK = { PORTOLAN_MIRROR_ALLOWED_NETWORKS: '127.0.0.0/8' } as const;

/** docker-registry keeps OCI manifests from those who do not ask for them. */
const ANY_MANIFEST = {
  Accept: [
    'application/vnd.oci.image.index.v1+json',
    'application/vnd.oci.image.manifest.v1+json',
    'application/vnd.docker.distribution.manifest.list.v2+json',
    'application/vnd.docker.distribution.manifest.v2+json',
  ].join(', '),
} as const;

export interface Mirror {
  readonly portolan: Portolan;
  /** `portolan <line>`, whatever its exit code. */
  run(line: string): Promise<Ended>;
  /** The same, which must end with 0. */
  must(line: string): Promise<Ended>;
  /** The same, with its answer in JSON. */
  json<T>(line: string): Promise<T>;
  start(line: string): RunningCommand;
  /** As the administrator, with every right there is on these repositories. */
  client(...repositories: string[]): Promise<RegistryClient>;
}

export function mirrorOn(portolan: Portolan): Mirror {
  const environment = { dataDir: portolan.dataDir, more: LOOPBACK };
  const run = (line: string) => runPortolan(words(line), environment);
  const must = async (line: string) => {
    const ended = await run(line);
    expect(ended.code, `portolan ${line}\n${ended.stdout}${ended.stderr}`).toBe(0);
    return ended;
  };
  return {
    portolan,
    run,
    must,
    json: async <T>(line: string) => JSON.parse((await must(`${line} --output json`)).stdout) as T,
    start: (line) => startCommand(words(line), environment),
    client: async (...repositories) => {
      const scopes = repositories.map((name) => `repository:${name}:*`);
      return createRegistryClient(portolan.url, await portolan.token(scopes));
    },
  };
}

export async function startMirror(options: PortolanOptions = {}): Promise<Mirror> {
  return mirrorOn(await startPortolan({ ...options, env: { ...LOOPBACK, ...options.env } }));
}

/** For registries that ask for no login. */
export function openClient(url: string): RegistryClient {
  return createRegistryClient(url, 'not-needed');
}

async function pushAttached(client: RegistryClient, repository: string, kind: KindOfImage) {
  for (const { image, tag } of kind.attached ?? []) {
    await pushImage(client, repository, image, tag ?? image.root.digest);
  }
}

export async function pushKinds(
  client: RegistryClient,
  repository: string,
  kinds: readonly KindOfImage[],
): Promise<void> {
  for (const kind of kinds) {
    await pushImage(client, repository, kind.image, kind.tag);
    await pushAttached(client, repository, kind);
  }
}

export async function digestAt(
  client: RegistryClient,
  repository: string,
  reference: string,
): Promise<string | undefined> {
  const path = `/v2/${repository}/manifests/${reference}`;
  const { status, headers } = await client.send('HEAD', path, { headers: ANY_MANIFEST });
  return status === 200 ? (headers.get('docker-content-digest') ?? undefined) : undefined;
}

/** Every manifest and blob of the image, each compared byte for byte. */
export async function expectWhole(
  client: RegistryClient,
  repository: string,
  image: Image,
): Promise<void> {
  for (const { digest, bytes, mediaType } of image.manifests) {
    const path = `/v2/${repository}/manifests/${digest}`;
    const answer = await client.expect([200], 'GET', path, { headers: ANY_MANIFEST });
    expect(answer.bytes.equals(bytes), `${mediaType} ${digest}`).toBe(true);
    expect(answer.headers.get('content-type')).toBe(mediaType);
  }
  for (const { digest, bytes } of image.blobs) {
    const answer = await client.expect([200], 'GET', `/v2/${repository}/blobs/${digest}`);
    expect(answer.bytes.equals(bytes), digest).toBe(true);
  }
}

/** Debian's skopeo as the administrator of `portolan`. */
export function skopeo(portolan: Portolan, line: string): Promise<CommandResult> {
  const filled = line.replaceAll('CREDS', `admin:${portolan.adminPassword}`);
  return runCommand('/usr/bin/skopeo', words(filled), { env: { HOME: portolan.dataDir } });
}

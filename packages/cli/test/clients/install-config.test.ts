// One configuration after another on one machine, and beside what others wrote there.
import { type ConfigEngine, configOf, parseRegistryAddress } from '@portolan/clients';
import { UpstreamHost } from '@portolan/oci';
import { mkdir, mkdtemp, readdir, readFile, rm, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { beforeEach, describe, expect, it, onTestFinished } from 'vitest';
import { installConfig } from '../../src/clients/install-config.ts';

type Fails = 'open' | 'closed';

const CERTS = 'etc/containerd/certs.d';
const K3S = 'etc/rancher/k3s';
const GCR = 'mirrors:\n  docker.io:\n    endpoint: [https://mirror.gcr.io]\n';

let root: string;
let now: number;

beforeEach(async () => {
  root = await mkdtemp(join(tmpdir(), 'portolan-engines-'));
  now = Date.UTC(2026, 7, 2);
  const made = root;
  onTestFinished(() => rm(made, { recursive: true }));
});

async function write(path: string, text: string): Promise<void> {
  await mkdir(dirname(join(root, path)), { recursive: true });
  await writeFile(join(root, path), text);
}

const read = (path: string): Promise<string> => readFile(join(root, path), 'utf8');

function install(engine: ConfigEngine, fails: Fails, ...names: readonly string[]) {
  const hosts = names.flatMap((name) => UpstreamHost.find(name) ?? []);
  now += 1000;
  const config = configOf(engine, {
    registry: parseRegistryAddress('https://registry.lan'),
    upstreams: hosts.length === 0 ? undefined : hosts,
    knownUpstreams: [UpstreamHost.DOCKER_HUB],
    fails,
    ca: undefined,
    version: undefined,
    proxy: undefined,
    unit: undefined,
  });
  return installConfig(config, { directory: root, now });
}

/** The same again changes no file and says the same. */
async function expectSettled(...given: Parameters<typeof install>): Promise<void> {
  const before = await readdir(root, { recursive: true });
  const { files, warnings } = await install(...given);
  expect(new Set(files.map(({ action }) => action))).toEqual(new Set(['unchanged']));
  expect(await readdir(root, { recursive: true })).toEqual(before);
  expect((await install(...given)).warnings).toEqual(warnings);
}

describe('containerd', () => {
  it('brings the file of a single registry to the mode of all', async () => {
    await install('containerd', 'open', 'docker.io');
    const { files, warnings } = await install('containerd', 'closed');
    expect(files.map(({ action, path }) => [action, path])).toEqual([
      ['replaced', join(root, CERTS, 'docker.io/hosts.toml')],
      ['written', join(root, CERTS, '_default/hosts.toml')],
    ]);
    expect(warnings).toEqual([]);
    const [one, all] = [`${CERTS}/docker.io/hosts.toml`, `${CERTS}/_default/hosts.toml`];
    expect(await read(one)).toBe(await read(all));
    expect(await read(one)).toContain('server =');
    await expectSettled('containerd', 'closed');
    await install('containerd', 'open');
    expect(await read(one)).not.toContain('server =');
    await expectSettled('containerd', 'open');
  });

  it('tells of what others wrote, leaves it alone, and replaces it when it is named', async () => {
    const theirs = 'server = "https://quay.io"\n';
    await write(`${CERTS}/quay.io/hosts.toml`, theirs);
    await write(`${CERTS}/ghcr.io/ca.crt`, 'PEM');
    const { warnings } = await install('containerd', 'closed');
    expect(warnings).toEqual([
      expect.stringMatching(/^ghcr\.io is not fail-closed: .*no hosts\.toml/),
      expect.stringMatching(/^quay\.io is not fail-closed: /),
    ]);
    expect(await read(`${CERTS}/quay.io/hosts.toml`)).toBe(theirs);
    await expectSettled('containerd', 'closed');
    const { files } = await install('containerd', 'closed', 'quay.io', 'ghcr.io');
    expect(files.map(({ action }) => action)).toEqual(['replaced', 'written']);
    expect(await readFile(files[0]?.backup ?? '', 'utf8')).toBe(theirs);
    expect((await install('containerd', 'closed')).warnings).toEqual([]);
  });

  it('looks into a directory that is a link', async () => {
    const theirs = 'server = "https://registry.lan"\n[host."https://mirror.lan"]\n';
    await write('srv/quay.io/hosts.toml', theirs);
    await mkdir(join(root, CERTS), { recursive: true });
    await symlink('../../../srv/quay.io', join(root, CERTS, 'quay.io'));
    await symlink('nowhere', join(root, CERTS, 'ghcr.io'));
    expect((await install('containerd', 'closed')).warnings).toEqual([
      expect.stringContaining('hosts.toml leads to https://mirror.lan'),
    ]);
  });

  it('brings its earlier file to the new mode where the directory is a link', async () => {
    await install('containerd', 'open', 'docker.io');
    await symlink('docker.io', join(root, CERTS, 'registry-1.docker.io'));
    const { warnings } = await install('containerd', 'closed');
    expect(warnings).toEqual([]);
    expect(await read(`${CERTS}/docker.io/hosts.toml`)).toContain('server =');
    await expectSettled('containerd', 'closed');
  });
});

describe('k3s', () => {
  it('goes from one mode to the other and back', async () => {
    await install('k3s', 'closed');
    const { files } = await install('k3s', 'open');
    expect(files.map(({ action }) => action)).toEqual(['merged', 'replaced']);
    const node = `${K3S}/config.yaml.d/50-portolan.yaml`;
    expect(await read(node)).toBe('disable-default-registry-endpoint: false\n');
    expect(await read(`${K3S}/registries.yaml`)).not.toContain('"*"');
    await expectSettled('k3s', 'open');
    await install('k3s', 'closed');
    expect(await read(node)).toBe('disable-default-registry-endpoint: true\n');
    expect(await read(`${K3S}/registries.yaml`)).toContain('"*"');
    await expectSettled('k3s', 'closed');
  });

  it('tells of mirrors that others wrote, and replaces one that is named', async () => {
    await write(`${K3S}/registries.yaml`, GCR);
    const { warnings } = await install('k3s', 'closed');
    expect(warnings).toEqual([expect.stringContaining('https://mirror.gcr.io')]);
    expect(await read(`${K3S}/registries.yaml`)).toContain('https://mirror.gcr.io');
    await expectSettled('k3s', 'closed');
    const { files } = await install('k3s', 'closed', 'docker.io');
    expect(await readFile(files[0]?.backup ?? '', 'utf8')).toContain('https://mirror.gcr.io');
    expect((await install('k3s', 'closed')).warnings).toEqual([]);
  });
});

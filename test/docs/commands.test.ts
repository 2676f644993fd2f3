// Every command block of the mirror's documents that is marked for it is run, in the order of the
// document. Docker Hub and Quay are a docker-registry on this machine, the stick is a directory.
import { readFileSync } from 'node:fs';
import { mkdir } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { type CountingProxy, startCountingProxy } from '../support/counting-proxy.ts';
import { describeWith } from '../support/debian-package.ts';
import { type DebianRegistry, startDebianRegistry } from '../support/debian-registry.ts';
import { makeImage, makeIndex } from '../support/image.ts';
import { pushImage } from '../support/registry-client.ts';
import { createScratchDirectory, type ScratchDirectory } from '../support/scratch-directory.ts';
import { openClient } from '../mirror/world.ts';
import { type CommandBlock, findCommandBlocks, FIRST_MACHINE } from './command-blocks.ts';
import { type Machine, startMachine } from './machine.ts';

const DOCS = resolve(import.meta.dirname, '../../docs');

interface Document {
  readonly file: string;
  /** Hosts that its commands go to without asking Portolan where they are. */
  readonly direct: readonly string[];
}

const DOCUMENTS: readonly Document[] = [
  { file: '../README.md', direct: [] },
  { file: 'mirroring.md', direct: [] },
  { file: 'air-gap.md', direct: [] },
  { file: 'coming-from-skopeo.md', direct: ['docker.io', 'quay.io'] },
];

/** What the documents' images are. */
const IMAGES: readonly (readonly [repository: string, ...tags: string[]])[] = [
  ['library/busybox', 'latest', 'musl', 'glibc', '1.36.1', '1.36.1-musl', '1.37.0', '1.37.0-musl'],
  ['library/alpine', '3.20', '3.21.0', '3.21.1', 'edge'],
  ['coreos/etcd', 'v3.5.0', 'v3.5.9', 'v3.6.0', 'v3.6.0-rc.1'],
];

async function fill(upstream: DebianRegistry): Promise<void> {
  const client = openClient(upstream.url);
  for (const [repository, ...tags] of IMAGES) {
    for (const tag of tags) {
      const image = makeIndex([makeImage(), makeImage({ architecture: 'arm64' })]);
      await pushImage(client, repository, image, tag);
    }
  }
}

describeWith({ packages: ['docker-registry', 'skopeo'] }, 'commands of the documents', () => {
  let upstream: DebianRegistry;
  let proxy: CountingProxy;
  /** Host of the documents → `127.0.0.1:port`; two names of one registry. */
  let hosts: ReadonlyMap<string, string>;

  beforeAll(async () => {
    upstream = await startDebianRegistry();
    proxy = await startCountingProxy(upstream.url);
    hosts = new Map([
      ['docker.io', upstream.host],
      ['quay.io', proxy.host],
    ]);
    await fill(upstream);
  });

  afterAll(async () => {
    await proxy?.stop();
    await upstream?.stop();
  });

  async function startWithUpstreams(directory: string): Promise<Machine> {
    const machine = await startMachine(directory);
    for (const [name, host] of hosts) {
      for (const each of [name, host]) {
        await machine.mirror.must(`upstream set ${each} --endpoint http://${host}`);
      }
    }
    return machine;
  }

  describe.each(DOCUMENTS)('$file', ({ file, direct }) => {
    const blocks = findCommandBlocks(readFileSync(join(DOCS, file), 'utf8'));
    const machines = new Map<string, Machine>();
    /** Of servers that the document has started: what it calls them → `127.0.0.1:port`. */
    const served = new Map<string, string>();
    let scratch: ScratchDirectory;

    beforeAll(async () => {
      scratch = await createScratchDirectory('docs');
      for (const name of new Set([FIRST_MACHINE, ...blocks.map(({ machine }) => machine)])) {
        machines.set(name, await startWithUpstreams(join(scratch.path, name)));
      }
      for (const shared of ['usb', 'etc']) await mkdir(join(scratch.path, shared));
    });

    afterAll(async () => {
      for (const machine of machines.values()) await machine.stop();
      await scratch?.remove();
    });

    function here({ script, machine }: CommandBlock): string {
      const { portolan } = machines.get(machine)?.mirror ?? {};
      const located = script
        .replaceAll('/media/usb', join(scratch.path, 'usb'))
        .replaceAll('/etc/portolan', join(scratch.path, 'etc'))
        .replaceAll('registry.lan', portolan?.host ?? '');
      const names = [...direct.map((name) => [name, hosts.get(name) ?? name] as const), ...served];
      return names.reduce((text, [name, address]) => text.replaceAll(name, address), located);
    }

    test.each(blocks)('$name', async (block) => {
      const machine = machines.get(block.machine);
      if (block.address !== undefined) {
        served.set(block.address, (await machine?.serve(here(block)))?.host ?? '');
        return;
      }
      const { code, output } = (await machine?.sh(here(block))) ?? {};
      expect(code, `${here(block)}\n${output}`).toBe(0);
    });
  });
});

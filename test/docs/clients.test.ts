// Every command block of docs/clients.md that is marked for it is run, in the order of the document. The
// registry is one of this machine, and `/` a directory of the test.
import { readFileSync } from 'node:fs';
import { mkdir, writeFile } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { makeImage } from '../support/image.ts';
import { makeCertificate } from '../support/openssl-certificate.ts';
import { pushImage } from '../support/registry-client.ts';
import { createScratchDirectory, type ScratchDirectory } from '../support/scratch-directory.ts';
import { findCommandBlocks } from './command-blocks.ts';
import { type Machine, startMachine } from './machine.ts';

const DOCUMENT = resolve(import.meta.dirname, '../../docs/clients.md');

const IMAGES: readonly (readonly [repository: string, tag: string])[] = [
  ['docker.io/library/busybox', 'musl'],
  ['quay.io/coreos/etcd', 'v3.1'],
];

describe('clients.md', () => {
  let scratch: ScratchDirectory;
  let machine: Machine;
  let root: string;

  beforeAll(async () => {
    scratch = await createScratchDirectory('docs');
    root = join(scratch.path, 'root');
    await mkdir(root);
    const directory = join(scratch.path, 'machine');
    machine = await startMachine(directory);
    const { certificate } = makeCertificate({ commonName: 'authority' });
    await writeFile(join(directory, 'ca.crt'), certificate);
    for (const [repository, tag] of IMAGES) {
      const [host = ''] = repository.split('/');
      await machine.mirror.must(`namespace create ${host}`);
      await pushImage(await machine.mirror.client(repository), repository, makeImage(), tag);
    }
  });

  afterAll(async () => {
    await machine?.stop();
    await scratch?.remove();
  });

  test.each(findCommandBlocks(readFileSync(DOCUMENT, 'utf8')))('$name', async ({ script }) => {
    const here = script
      .replaceAll('https://registry.lan', `http://localhost:${machine.mirror.portolan.port}`)
      .replaceAll('--install /', `--install ${root}`)
      .replaceAll('tar -C / ', `tar -C ${root} `);
    const { code, output } = await machine.sh(here);
    expect(code, `${here}\n${output}`).toBe(0);
  });
});

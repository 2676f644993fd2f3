// Images that really run, for two platforms, made by hand of Debian's static busybox: what the world knows
// as docker.io/library/busybox:musl and quay.io/coreos/etcd:v3.1.
import { cp, mkdir, symlink, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { type Image, makeIndex } from '../support/image.ts';
import { makeRootImage } from '../support/root-image.ts';
import { runOrThrow } from '../support/run-command.ts';

export const BUSYBOX = 'docker.io/library/busybox';
export const ETCD = 'quay.io/coreos/etcd';
/** What a container of each says when nothing else is asked of it. */
export const SAYS = { busybox: 'busybox runs', etcd: 'etcd Version: 3.1.20' } as const;

export interface RunnableImages {
  readonly busybox: Image;
  readonly etcd: Image;
}

async function makeTree(tree: string, says: string): Promise<void> {
  await mkdir(join(tree, 'bin'), { recursive: true });
  await cp('/bin/busybox', join(tree, 'bin/busybox'));
  for (const applet of ['sh', 'echo', 'cat']) await symlink('busybox', join(tree, 'bin', applet));
  await writeFile(join(tree, 'bin/say'), `#!/bin/sh\necho "${says}"\n`, { mode: 0o755 });
}

async function makePlatform(directory: string, says: string, architecture: string): Promise<Image> {
  const tree = join(directory, `${says} ${architecture}`);
  await makeTree(tree, says);
  const archive = `${tree}.tar`;
  await runOrThrow('tar', ['-C', tree, '--owner=0', '--group=0', '-cf', archive, '.']);
  return makeRootImage(archive, { architecture, command: ['/bin/say'] });
}

async function makeRunnable(directory: string, says: string): Promise<Image> {
  const platforms = [];
  // The second one is never run, so its programs may be of the first.
  for (const architecture of ['amd64', 'arm64']) {
    platforms.push(await makePlatform(directory, says, architecture));
  }
  return makeIndex(platforms);
}

export async function makeRunnableImages(directory: string): Promise<RunnableImages> {
  return {
    busybox: await makeRunnable(directory, SAYS.busybox),
    etcd: await makeRunnable(directory, SAYS.etcd),
  };
}

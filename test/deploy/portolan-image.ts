// Builds deploy/Containerfile. Its two base images are imported under their names: one is what every program
// needs and no more, the other has a shell and npm.
import { access } from 'node:fs/promises';
import { homedir } from 'node:os';
import { join, resolve } from 'node:path';
import type { ContainerEngine } from './container-engine.ts';
import { createImageTree, findNpm, RUNTIME_PACKAGES } from './image-tree.ts';

export const IMAGE = 'localhost/portolan:latest';
export const BASE = 'docker.io/library/debian:12-slim';

const BUILDER = 'docker.io/library/node:26-bookworm-slim';
const ROOT = resolve(import.meta.dirname, '../..');
const AUTHORITIES = '/etc/ssl/certs/authorities.pem';
const BUILDER_PACKAGES = [
  ...RUNTIME_PACKAGES,
  'coreutils',
  'dash',
  'libacl1',
  'libatomic1',
  'libattr1',
  'libgmp10',
  'libpcre2-8-0',
  'libselinux1',
  'libssl3',
];

/** As `node:26-bookworm-slim` is, and what this machine knows of reaching the npm registry. */
async function importBuilder(engine: ContainerEngine, path: string): Promise<void> {
  const tree = await createImageTree(path, BUILDER_PACKAGES);
  await tree.copy(process.execPath, 'usr/local/bin/node');
  await tree.copy(await findNpm(), 'usr/local/lib/node_modules/npm');
  for (const name of ['npm', 'npx']) {
    await tree.link(`../lib/node_modules/npm/bin/${name}-cli.js`, `usr/local/bin/${name}`);
  }
  const authorities = process.env['NODE_EXTRA_CA_CERTS'];
  if (authorities === undefined) return engine.importTree(path, BUILDER);
  await tree.copy(authorities, AUTHORITIES);
  return engine.importTree(path, BUILDER, { NODE_EXTRA_CA_CERTS: AUTHORITIES });
}

async function npmSecret(): Promise<string[]> {
  const file = join(homedir(), '.npmrc');
  const isThere = await access(file).then(
    () => true,
    () => false,
  );
  return isThere ? ['--secret', `id=npmrc,src=${file}`] : [];
}

export async function buildPortolanImage(
  engine: ContainerEngine,
  directory: string,
): Promise<void> {
  const base = join(directory, 'base');
  await createImageTree(base, RUNTIME_PACKAGES);
  await engine.importTree(base, BASE);
  await importBuilder(engine, join(directory, 'builder'));
  const options = `build --isolation chroot --pull-never --format docker --tag ${IMAGE}`;
  const containerfile = join(ROOT, 'deploy', 'Containerfile');
  await engine.mustBuildah(options, [...(await npmSecret()), '--file', containerfile, ROOT]);
}

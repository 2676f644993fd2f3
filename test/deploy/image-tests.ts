// What is in the image, and what is not.
import { readdir, readFile, realpath } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import { beforeAll, describe, expect, test } from 'vitest';
import { runOrThrow } from '../support/run-command.ts';
import type { ContainerEngine } from './container-engine.ts';
import { type ContainerSite, UID } from './container-site.ts';
import { BASE, IMAGE } from './portolan-image.ts';

const ROOT = resolve(import.meta.dirname, '../..');
const PROGRAM = 'opt/portolan';
const MOST_BYTES = 215_000_000;
/** What says where packages came from, or opens a door. */
const NOT_FOR_IMAGES = [
  '.npmrc',
  '.modules.yaml',
  '.pnpm-workspace-state*',
  'lock.yaml',
  '*.key',
  '.env',
];

interface PackageFile {
  readonly dependencies?: Readonly<Record<string, string>>;
  readonly devDependencies?: Readonly<Record<string, string>>;
}

async function packageFiles(): Promise<PackageFile[]> {
  const names = await readdir(join(ROOT, 'packages'));
  const files = ['.', ...names.map((name) => `packages/${name}`)];
  return Promise.all(
    files.map(async (file) => {
      const text = await readFile(join(ROOT, file, 'package.json'), 'utf8');
      return JSON.parse(text) as PackageFile;
    }),
  );
}

/** As pnpm names their directories: `@types+koa`. */
async function developmentOnly(): Promise<string[]> {
  const files = await packageFiles();
  const needed = new Set(files.flatMap(({ dependencies }) => Object.keys(dependencies ?? {})));
  return files
    .flatMap(({ devDependencies }) => Object.keys(devDependencies ?? {}))
    .filter((name) => !needed.has(name))
    .map((name) => name.replace('/', '+'));
}

async function find(directory: string, ...expression: string[]): Promise<string[]> {
  const args = [directory, ...expression, '-printf', '%P\n'];
  const { stdout } = await runOrThrow('/usr/bin/find', args);
  return stdout
    .split('\n')
    .filter((line) => line !== '')
    .toSorted();
}

async function inspect(
  engine: ContainerEngine,
  reference: string,
  field: string,
): Promise<unknown> {
  const more = ['--format', `{{json .${field}}}`];
  return JSON.parse((await engine.mustPodman(`image inspect ${reference}`, more)).stdout);
}

export function imageTests(site: () => ContainerSite): void {
  describe('the image', () => {
    let root: string;
    beforeAll(async () => {
      const { engine } = site();
      const container = (await engine.mustBuildah(`from --pull-never ${IMAGE}`)).stdout.trim();
      root = await realpath((await engine.mustBuildah(`mount ${container}`)).stdout.trim());
    });

    test('runs as a user without rights, with one volume, and says how it is asked', async () => {
      expect(await inspect(site().engine, IMAGE, 'Config')).toMatchObject({
        User: `${UID}:${UID}`,
        Entrypoint: ['portolan'],
        Cmd: ['serve'],
        Volumes: { '/var/lib/portolan': {} },
        ExposedPorts: { '5000/tcp': {} },
        StopSignal: 'SIGTERM',
      });
      expect(await inspect(site().engine, IMAGE, 'HealthCheck')).toMatchObject({
        Test: ['CMD', 'portolan', 'health'],
      });
    });

    test('adds little to its base', async () => {
      const [size, base] = [
        await inspect(site().engine, IMAGE, 'Size'),
        await inspect(site().engine, BASE, 'Size'),
      ];
      expect(Number(size) - Number(base)).toBeLessThan(MOST_BYTES);
    });

    test('holds sources and production dependencies', async () => {
      const program = join(root, PROGRAM);
      expect(await find(program, '-maxdepth', '1', '-mindepth', '1')).toEqual([
        'LICENSE',
        'node_modules',
        'package.json',
        'packages',
      ]);
      for (const name of await readdir(join(program, 'packages'))) {
        const entries = await readdir(join(program, 'packages', name));
        expect(['node_modules', 'package.json', 'src']).toEqual(expect.arrayContaining(entries));
      }
      const installed = await readdir(join(program, 'node_modules/.pnpm'));
      expect(installed.some((name) => name.startsWith('koa@'))).toBe(true);
      for (const name of await developmentOnly()) {
        expect(installed.filter((entry) => entry.startsWith(`${name}@`))).toEqual([]);
      }
    });

    test('holds one Node, and no package manager', async () => {
      expect(await readdir(join(root, 'usr/local/bin'))).toEqual(['node', 'portolan']);
      expect(await find(root, '-type', 'f', '-name', 'node', '-size', '+10M')).toEqual([
        'usr/local/bin/node',
      ]);
    });

    test.each(NOT_FOR_IMAGES)('holds no %s', async (name) => {
      expect(await find(root, '-name', name)).toEqual([]);
    });

    test('says nothing of the registry that packages came from', async () => {
      const history = await site().engine.mustPodman(`history --no-trunc ${IMAGE}`);
      expect(history.stdout).not.toMatch(/npmrc|_auth|registry\.npmjs/);
    });

    test('gives its user the volume and the directory of sockets, and no other file', async () => {
      expect(await find(root, '-user', String(UID))).toEqual(['run/portolan', 'var/lib/portolan']);
      const open = await find(root, '-perm', '/o+w', '!', '-type', 'l', '-path', '*/opt/*');
      expect(open).toEqual([]);
    });
  });
}

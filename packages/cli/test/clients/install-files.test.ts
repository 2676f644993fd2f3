// Files of engines on a disk: what is kept, what is left alone, and where nothing is written.
import type { ConfigFile } from '@portolan/clients';
import { mkdir, mkdtemp, readdir, readFile, rm, stat, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, it, onTestFinished } from 'vitest';
import { installFiles } from '../../src/clients/install-files.ts';

const NOW = Date.UTC(2026, 7, 2, 20, 17, 37, 5);
const HOSTS: ConfigFile = { path: '/etc/c/_default/hosts.toml', text: 'new\n' };
const MERGED: ConfigFile = {
  path: '/etc/daemon.json',
  text: 'ours\n',
  merge: (existing) => (existing.includes('ours') ? existing : `${existing}ours\n`),
};

async function makeRoot(files: Readonly<Record<string, string>> = {}): Promise<string> {
  const root = await mkdtemp(join(tmpdir(), 'portolan-install-'));
  onTestFinished(() => rm(root, { recursive: true }));
  await mkdir(join(root, 'etc/c/_default'), { recursive: true });
  for (const [path, text] of Object.entries(files)) await writeFile(join(root, path), text);
  return root;
}

function install(root: string, ...files: readonly ConfigFile[]) {
  return installFiles(files, { directory: root, now: NOW });
}

it('makes the directories, readable for engines that run as other users', async () => {
  const root = join(await makeRoot(), 'image');
  expect(await install(root, HOSTS)).toEqual([
    { path: join(root, HOSTS.path), action: 'written', backup: undefined },
  ]);
  expect(await readFile(join(root, HOSTS.path), 'utf8')).toBe('new\n');
  expect((await stat(join(root, HOSTS.path))).mode & 0o777).toBe(0o644);
});

it('keeps what was there beside it, under a name that no engine reads', async () => {
  const root = await makeRoot({ 'etc/c/_default/hosts.toml': 'old\n' });
  const backup = join(root, 'etc/c/_default/hosts.toml.bak-20260802T201737005Z');
  expect(await install(root, HOSTS)).toMatchObject([{ action: 'replaced', backup }]);
  expect(await readFile(backup, 'utf8')).toBe('old\n');
  expect(await readFile(join(root, HOSTS.path), 'utf8')).toBe('new\n');
});

it('changes nothing the second time', async () => {
  const root = await makeRoot({ 'etc/daemon.json': 'theirs\n' });
  await install(root, HOSTS, MERGED);
  const before = await readdir(root, { recursive: true });
  expect(await install(root, HOSTS, MERGED)).toMatchObject([
    { action: 'unchanged' },
    { action: 'unchanged' },
  ]);
  expect(await readdir(root, { recursive: true })).toEqual(before);
});

it('merges into a file that holds other settings too, and keeps it as closed as it was', async () => {
  const root = await makeRoot();
  await writeFile(join(root, 'etc/daemon.json'), 'theirs\n', { mode: 0o600 });
  expect(await install(root, MERGED)).toMatchObject([{ action: 'merged' }]);
  expect(await readFile(join(root, 'etc/daemon.json'), 'utf8')).toBe('theirs\nours\n');
  expect((await stat(join(root, 'etc/daemon.json'))).mode & 0o777).toBe(0o600);
});

it('writes nothing at all when one file cannot be merged', async () => {
  const root = await makeRoot({ 'etc/daemon.json': '{' });
  const broken: ConfigFile = {
    ...MERGED,
    merge: () => {
      throw new Error('is no JSON');
    },
  };
  await expect(install(root, broken, HOSTS)).rejects.toThrow('is no JSON');
  expect(await readdir(join(root, 'etc/c/_default'))).toEqual([]);
});

it('writes nothing at all when a file is where a directory should be', async () => {
  const root = await makeRoot({ 'etc/docker': 'a file\n' });
  const blocked: ConfigFile = { path: '/etc/docker/daemon.json', text: 'new\n' };
  await expect(install(root, blocked, HOSTS)).rejects.toMatchObject({ code: 'ENOTDIR' });
  expect(await readdir(join(root, 'etc/c/_default'))).toEqual([]);
});

it('follows a link within the directory, and none that leads out of it', async () => {
  const root = await makeRoot({ 'etc/real.json': 'theirs\n' });
  const outside = await makeRoot();
  await symlink('real.json', join(root, 'etc/daemon.json'));
  await install(root, MERGED);
  expect(await readFile(join(root, 'etc/real.json'), 'utf8')).toBe('theirs\nours\n');
  await rm(join(root, 'etc/c'), { recursive: true });
  await symlink(outside, join(root, 'etc/c'));
  await expect(install(root, HOSTS)).rejects.toMatchObject({ code: 'request-invalid' });
  expect(await readdir(outside, { recursive: true })).toEqual(['etc', 'etc/c', 'etc/c/_default']);
});

import {
  copyFileSync,
  mkdirSync,
  readFileSync,
  renameSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { certificateBlocks, keyBlock } from '../../src/certificates/certificate-pem.ts';
import { createDirectoryReader } from '../../src/certificates/directory-reader.ts';
import { issueIntoDirectory } from '../../src/index.ts';
import { openDirectories } from '../fixtures/directories.ts';

const FILE = 'registry.lan.pem';

/** A directory that has been read, with one certificate for two names. */
async function openReader() {
  const place = openDirectories();
  await place.init(['registry.lan']);
  const { path } = await place.issue(['registry.lan', '*.registry.lan']);
  const events: string[] = [];
  const directory = place.directories.certificates;
  const reader = createDirectoryReader({
    directory,
    report: ({ kind, file, message }) => events.push(`${kind} ${file}: ${message}`),
  });
  await reader.read();
  events.length = 0;
  const look = async (times: number) => {
    for (let i = 0; i < times; i++) await reader.read();
  };
  const served = () => [...reader.current(), ...reader.kept()].map(({ facts }) => facts.file);
  const putNew = async (names: readonly string[]) => {
    const out = join(place.root, 'new');
    await issueIntoDirectory(place, { names, days: 90, out });
    copyFileSync(join(out, `${names[0]}.pem`), join(directory, 'new.pem'));
  };
  return { ...place, directory, path, reader, events, look, served, putNew };
}

const GONE = `failed ${FILE}: the file is gone; its certificate stays in use until a restart, or others are for registry.lan, *.registry.lan`;

describe('a file that is gone', () => {
  it('stays served, is told of once, and is not usable for as long', async () => {
    const { path, reader, events, look, served } = await openReader();
    rmSync(path);
    await look(5);
    expect(events).toEqual([GONE]);
    expect([served(), reader.current(), reader.unusable()]).toEqual([[FILE], [], [FILE]]);
  });

  it('stays served when the whole directory is gone', async () => {
    const { directory, reader, events, look, served } = await openReader();
    renameSync(directory, `${directory}.away`);
    await look(3);
    expect([events, served(), reader.unusable()]).toEqual([[GONE], [FILE], [FILE]]);
    renameSync(`${directory}.away`, directory);
    await look(2);
    expect(events.slice(1)).toEqual([`loaded ${FILE}: for registry.lan, *.registry.lan`]);
    expect(reader.unusable()).toEqual([]);
  });

  it('is forgotten once others are for all of its names', async () => {
    const { path, reader, events, look, served, putNew } = await openReader();
    rmSync(path);
    await look(2);
    await putNew(['registry.lan', 'quay-io.registry.lan']);
    await look(2);
    expect([served(), reader.unusable()]).toEqual([['new.pem', FILE], [FILE]]);
    await putNew(['registry.lan', '*.registry.lan']);
    await look(1);
    expect([served(), reader.unusable()]).toEqual([['new.pem'], []]);
    expect(events.filter((line) => line.startsWith('failed'))).toEqual([GONE]);
  });

  it('is forgotten at once when its certificate is in another file', async () => {
    const { directory, path, reader, events, look, served } = await openReader();
    renameSync(path, join(directory, 'renamed.pem'));
    await look(3);
    expect([served(), reader.unusable()]).toEqual([['renamed.pem'], []]);
    expect(events).toEqual([`loaded renamed.pem: for registry.lan, *.registry.lan`]);
  });

  it.each<[string, (path: string, look: () => Promise<void>) => Promise<void>]>([
    [
      'is written beside it and moved there',
      async (path, look) => {
        copyFileSync(path, `${path}.tmp`);
        await look();
        renameSync(`${path}.tmp`, path);
      },
    ],
    [
      'is removed and written again, with a look between',
      async (path, look) => {
        const text = readFileSync(path);
        rmSync(path);
        await look();
        writeFileSync(path, text);
      },
    ],
    [
      'is a link that leads elsewhere, and nowhere for a look',
      async (path, look) => {
        copyFileSync(path, `${path}.1`);
        rmSync(path);
        symlinkSync(`${path}.2`, path);
        await look();
        renameSync(`${path}.1`, `${path}.2`);
      },
    ],
  ])('raises no alarm when the next one %s', async (_what, replace) => {
    const { path, reader, events, look, served } = await openReader();
    await replace(path, () => look(1));
    await look(3);
    expect(events).toEqual([`loaded ${FILE}: for registry.lan, *.registry.lan`]);
    expect([served(), reader.unusable()]).toEqual([[FILE], []]);
  });

  it('may be one half of a pair', async () => {
    const { directory, path, reader, events, look, served } = await openReader();
    const pem = readFileSync(path, 'utf8');
    writeFileSync(join(directory, 'pair.crt'), certificateBlocks(pem).join(''));
    writeFileSync(join(directory, 'pair.key'), keyBlock(pem) ?? '');
    rmSync(path);
    await look(1);
    events.length = 0;
    rmSync(join(directory, 'pair.key'));
    await look(3);
    expect(events).toEqual([expect.stringContaining('pair.crt: the file or its key is gone')]);
    expect([served(), reader.unusable()]).toEqual([['pair.crt'], ['pair.crt']]);
  });

  it('is forgotten when it could never be used', async () => {
    const { directory, reader, look, served } = await openReader();
    const broken = join(directory, 'broken.pem');
    writeFileSync(broken, 'half a file');
    await look(1);
    expect(reader.unusable()).toEqual(['broken.pem']);
    rmSync(broken);
    await look(1);
    expect([served(), reader.unusable()]).toEqual([[FILE], []]);
  });
});

describe('a file that is broken', () => {
  it('is not usable until it is whole, also when that is the one of before', async () => {
    const { path, reader, events, look, served } = await openReader();
    renameSync(path, `${path}.away`);
    writeFileSync(path, 'half a file');
    await look(5);
    expect([served(), reader.unusable()]).toEqual([[FILE], [FILE]]);
    renameSync(`${path}.away`, path);
    await look(2);
    expect([events.length, events.at(-1)]).toEqual([
      2,
      `loaded ${FILE}: for registry.lan, *.registry.lan`,
    ]);
    expect([served(), reader.unusable()]).toEqual([[FILE], []]);
  });

  it('and then gone leaves the one of before in use', async () => {
    const { path, events, reader, look, served } = await openReader();
    writeFileSync(path, 'half a file');
    await look(2);
    rmSync(path);
    await look(3);
    expect([events.length, events.at(-1)]).toEqual([2, GONE]);
    expect([served(), reader.unusable()]).toEqual([[FILE], [FILE]]);
  });
});

it('keeps all when the directory cannot be read, and says so once', async () => {
  const { directory, reader, events, look, served } = await openReader();
  renameSync(directory, `${directory}.away`);
  writeFileSync(directory, 'a file where the directory was');
  await look(3);
  expect(events).toEqual([expect.stringContaining(`failed ${directory}: `)]);
  expect([served(), reader.unusable()]).toEqual([[FILE], [directory]]);
  rmSync(directory);
  mkdirSync(directory);
  renameSync(join(`${directory}.away`, FILE), join(directory, FILE));
  await look(1);
  expect([served(), reader.unusable()]).toEqual([[FILE], []]);
});

// What `portolan bundle` says when it is called wrongly, before any bundle is touched.
import { existsSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, it, onTestFinished } from 'vitest';
import { openCommands } from './command-fixture.ts';

function makeDirectory(): string {
  const directory = mkdtempSync(join(tmpdir(), 'portolan-bundle-'));
  onTestFinished(() => rmSync(directory, { recursive: true, force: true }));
  return directory;
}

describe('a key', () => {
  it('is made where there is a directory for it, once', async () => {
    const { run } = await openCommands();
    const file = join(makeDirectory(), 'export.key');
    const { record } = await run(`bundle keygen ${file}`);
    expect(record).toEqual({ privateKey: file, publicKey: `${file}.pub` });
    await expect(run(`bundle keygen ${file}`)).rejects.toMatchObject({ exitCode: 6 });
  });

  it('is not made in a directory that is not there, and the answer says what to do', async () => {
    const { run } = await openCommands();
    await expect(run(`bundle keygen ${makeDirectory()}/a/export.key`)).rejects.toMatchObject({
      code: 'request-invalid',
      detail: { hint: expect.stringContaining('make its directory first') },
    });
  });
});

describe.each(['verify', 'import'])('to %s', (verb) => {
  it('a directory without a bundle is told as such', async () => {
    const { run } = await openCommands();
    await expect(run(`bundle ${verb} ${makeDirectory()}`)).rejects.toMatchObject({
      code: 'place-incomplete',
      message: 'there is no bundle here',
    });
  });

  it('a directory that is not there is wrong use', async () => {
    const { run } = await openCommands();
    await expect(run(`bundle ${verb} ${makeDirectory()}/usb`)).rejects.toMatchObject({
      code: 'request-invalid',
      message: 'there is no such directory',
    });
  });

  it('with a key that cannot be read says where keys come from', async () => {
    const { run } = await openCommands();
    const directory = makeDirectory();
    for (const file of ['SHA256SUMS', 'bundle.json']) writeFileSync(join(directory, file), '');
    await expect(
      run(`bundle ${verb} ${directory} --key ${directory}/no.pub`),
    ).rejects.toMatchObject({
      code: 'request-invalid',
      detail: { hint: expect.stringContaining('keygen') },
    });
    const file = join(directory, 'bundle.json');
    await expect(run(`bundle ${verb} ${directory} --key ${file}`)).rejects.toMatchObject({
      code: 'request-invalid',
      message: expect.stringContaining('no Ed25519 public key'),
    });
  });
});

describe('the place of a report', () => {
  it.each(['', ' --dry-run'])('is looked at before a bundle is (%s)', async (option) => {
    const { run } = await openCommands();
    const directory = makeDirectory();
    const line = `bundle import ${directory} --report ${directory}/a/b${option}`;
    await expect(run(line)).rejects.toMatchObject({
      code: 'request-invalid',
      message: `there is no directory ${directory}/a`,
    });
  });
});

describe('an export', () => {
  it('tells no registry the password of another', async () => {
    const { run } = await openCommands();
    const stick = join(makeDirectory(), 'stick');
    const line = `bundle export ${stick} --from quay.io/a/b --from ghcr.io/a/b --creds me:secret`;
    await expect(run(line)).rejects.toMatchObject({
      code: 'request-invalid',
      detail: { registries: 'ghcr.io, quay.io', hint: expect.stringContaining('--authfile') },
    });
    expect(existsSync(stick)).toBe(false);
  });

  it.each(['', ' --dry-run'])('finds what is in its way at once (%s)', async (option) => {
    const { run } = await openCommands();
    const directory = makeDirectory();
    writeFileSync(join(directory, 'index.json'), '');
    await expect(run(`bundle export ${directory}${option}`)).rejects.toMatchObject({
      code: 'request-invalid',
      message: 'the directory holds something that is no bundle',
    });
  });

  it.each([
    ['below a directory that is not there', 'export DIR/usb/bundle', 'there is no directory'],
    ['against a file that is not there', 'export DIR --base DIR/nope.json', 'cannot read'],
    ['against a file of something else', 'export DIR --base DIR/README.md', 'is neither a have'],
    ['with a key that is none', 'export DIR --sign DIR/README.md', 'no Ed25519 private key'],
  ])('%s is wrong use', async (_, line, message) => {
    const { run } = await openCommands();
    const directory = makeDirectory();
    writeFileSync(join(directory, 'README.md'), '# a bundle.json');
    await expect(run(`bundle ${line.replaceAll('DIR', directory)}`)).rejects.toMatchObject({
      code: 'request-invalid',
      message: expect.stringContaining(message),
    });
  });
});

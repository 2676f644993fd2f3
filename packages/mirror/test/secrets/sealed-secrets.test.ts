import { execFile } from 'node:child_process';
import {
  chmodSync,
  existsSync,
  mkdtempSync,
  readdirSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { beforeEach, describe, expect, it, onTestFinished } from 'vitest';
import { createSecretBox } from '../../src/secrets/sealed-secrets.ts';

const MODULE = fileURLToPath(new URL('../../src/secrets/sealed-secrets.ts', import.meta.url));
const UNREADABLE = { code: 'secret-unreadable' };
const SECRET = 'a password';

let keyFile: string;

beforeEach(() => {
  const directory = mkdtempSync(join(tmpdir(), 'portolan-secrets-'));
  onTestFinished(() => rmSync(directory, { recursive: true }));
  keyFile = join(directory, 'keys', 'mirror.key');
});

it('opens what it sealed, in this process and in another', async () => {
  const sealed = await createSecretBox({ keyFile }).seal(SECRET, 'quay.io');
  expect(sealed.includes(SECRET)).toBe(false);
  const opened = await createSecretBox({ keyFile }).open(sealed, 'quay.io');
  expect(opened.toString()).toBe(SECRET);
});

it('seals the same secret differently each time', async () => {
  const box = createSecretBox({ keyFile });
  const first = await box.seal(SECRET, 'quay.io');
  expect(first.equals(await box.seal(SECRET, 'quay.io'))).toBe(false);
});

describe('what it does not open', () => {
  it('is anything with a bit changed or a byte missing', async () => {
    const box = createSecretBox({ keyFile });
    const sealed = await box.seal(SECRET, 'quay.io');
    for (let i = 0; i < sealed.length; i++) {
      const changed = Buffer.from(sealed);
      changed.writeUInt8(changed.readUInt8(i) ^ 1, i);
      await expect(box.open(changed, 'quay.io'), `byte ${i}`).rejects.toMatchObject(UNREADABLE);
      await expect(box.open(sealed.subarray(0, i), 'quay.io'), `cut at ${i}`).rejects.toMatchObject(
        UNREADABLE,
      );
    }
  });

  it('is what was sealed for another place', async () => {
    const box = createSecretBox({ keyFile });
    const sealed = await box.seal(SECRET, 'quay.io');
    await expect(box.open(sealed, 'docker.io')).rejects.toMatchObject(UNREADABLE);
  });

  it('is what was sealed with another key', async () => {
    const sealed = await createSecretBox({ keyFile }).seal(SECRET, 'quay.io');
    rmSync(keyFile);
    const box = createSecretBox({ keyFile });
    await expect(box.open(sealed, 'quay.io')).rejects.toMatchObject(UNREADABLE);
    const again = await box.open(await box.seal(SECRET, 'quay.io'), 'quay.io');
    expect(again.toString()).toBe(SECRET);
  });
});

describe('the key file', () => {
  it('is made when it is first needed, for its owner alone', async () => {
    const box = createSecretBox({ keyFile });
    expect(existsSync(keyFile)).toBe(false);
    await box.seal(SECRET, 'quay.io');
    expect(statSync(keyFile).mode & 0o777).toBe(0o600);
    expect(statSync(dirname(keyFile)).mode & 0o777).toBe(0o700);
    expect(readdirSync(dirname(keyFile))).toEqual(['mirror.key']);
  });

  it.each([0o644, 0o640, 0o602])('is refused with mode %o', async (mode) => {
    await createSecretBox({ keyFile }).seal(SECRET, 'quay.io');
    chmodSync(keyFile, mode);
    const seal = () => createSecretBox({ keyFile }).seal(SECRET, 'quay.io');
    await expect(seal()).rejects.toMatchObject(UNREADABLE);
  });

  it('is refused when it is damaged, and left as it is', async () => {
    await createSecretBox({ keyFile }).seal(SECRET, 'quay.io');
    writeFileSync(keyFile, 'short');
    const seal = () => createSecretBox({ keyFile }).seal(SECRET, 'quay.io');
    await expect(seal()).rejects.toMatchObject(UNREADABLE);
    expect(statSync(keyFile).size).toBe(5);
  });

  it('is one for all processes that make it at the same time', async () => {
    const program = `
      import { createSecretBox } from ${JSON.stringify(MODULE)};
      const box = createSecretBox({ keyFile: ${JSON.stringify(keyFile)} });
      process.stdout.write((await box.seal('x', 'quay.io')).toString('base64'));`;
    const args = ['--input-type=module', '--eval', program];
    const runs = Array.from({ length: 4 }, () => promisify(execFile)(process.execPath, args));
    const box = createSecretBox({ keyFile });
    for (const { stdout } of await Promise.all(runs)) {
      const opened = await box.open(Buffer.from(stdout, 'base64'), 'quay.io');
      expect(opened.toString()).toBe('x');
    }
    expect(readdirSync(dirname(keyFile))).toEqual(['mirror.key']);
  });
});

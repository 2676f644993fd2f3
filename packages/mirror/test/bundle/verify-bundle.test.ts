import { mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { generateBundleKey } from '../../src/bundle/signature.ts';
import { verifyBundle } from '../../src/bundle/verify-bundle.ts';
import { sample } from '../places/sample-content.ts';
import { makeBundle, signal, temporaryDirectory } from './bundle-fixture.ts';
import { DAMAGES, FORGERIES, SPLIT_AT } from './damage.ts';

const { privateKey, publicKey } = generateBundleKey();

function makeSigned() {
  return makeBundle(sample(), { maxFileSize: SPLIT_AT, privateKey });
}

function verify(directory: string, key?: string) {
  return verifyBundle(directory, { publicKey: key, signal });
}

describe('verifying a bundle', () => {
  it('finds nothing wrong with one that is whole', async () => {
    const { directory, document } = await makeSigned();
    const verified = await verify(directory, publicKey);
    expect(verified).toMatchObject({ problems: [], strangers: [], signature: 'good' });
    expect(verified.contents?.document).toEqual(document);
  });

  it.each(DAMAGES)('finds that $name', async ({ damage, problem }) => {
    const { directory } = await makeSigned();
    damage(directory);
    const { problems } = await verify(directory);
    const texts = problems.map((one) => `${one.file ?? ''}: ${one.problem}`);
    expect(texts).toContainEqual(expect.stringMatching(problem));
  });

  it.each(FORGERIES)('finds by the signature that $name', async ({ damage, problem }) => {
    const { directory } = await makeSigned();
    damage(directory);
    expect((await verify(directory)).problems).toEqual([]);
    const { problems } = await verify(directory, publicKey);
    expect(problems).toEqual([
      expect.objectContaining({ problem: expect.stringMatching(problem) }),
    ]);
  });

  it('believes no document that is another one when it is read again', async () => {
    const { directory } = await makeSigned();
    const file = join(directory, 'bundle.json');
    const signed = readFileSync(file, 'utf8');
    writeFileSync(file, signed.replace('portolan test', 'somebody else'));
    const verified = await verifyBundle(directory, {
      publicKey,
      signal,
      // As a stick can that has a program of its own.
      onBytes: () => writeFileSync(file, signed),
    });
    expect(verified.contents?.document.tool).toBe('somebody else');
    expect(verified.problems).toEqual([
      { file: 'bundle.json', problem: 'does not match SHA256SUMS' },
    ]);
  });

  it('wants the signature of the key that is given', async () => {
    const { directory } = await makeSigned();
    const { signature, problems } = await verify(directory, generateBundleKey().publicKey);
    expect(signature).toBe('bad');
    expect(problems).toHaveLength(1);
  });

  it('says that a signature was not checked', async () => {
    const { directory } = await makeSigned();
    expect(await verify(directory)).toMatchObject({ signature: 'unchecked', problems: [] });
  });

  it('names a missing file once, and a damaged one once, also in parts', async () => {
    const { directory } = await makeSigned();
    const names = readdirSync(join(directory, 'blobs/sha256')).sort();
    const part = names.find((name) => name.endsWith('.part-0002')) ?? '';
    const [gone = '', damaged = ''] = names.filter((name) => !name.includes('.part-'));
    rmSync(join(directory, 'blobs/sha256', gone));
    for (const name of [damaged, part]) {
      const file = join(directory, 'blobs/sha256', name);
      const bytes = readFileSync(file);
      bytes.writeUInt8(bytes.readUInt8(0) ^ 1);
      writeFileSync(file, bytes);
    }
    const { problems } = await verify(directory);
    const about = (name: string) =>
      problems.filter(({ file }) => file === `blobs/sha256/${name}`).map(({ problem }) => problem);
    expect(about(gone)).toEqual(['is missing']);
    expect(about(damaged)).toEqual([expect.stringMatching(/does not match|another size/)]);
    expect(about(part)).toEqual([expect.stringContaining('does not match')]);
    expect(problems).toHaveLength(3);
  });

  it('says that one is not signed where a signature is wanted', async () => {
    const { directory } = await makeBundle(sample());
    const { signature, problems } = await verify(directory, publicKey);
    expect(signature).toBe('none');
    expect(problems).toEqual([
      { file: 'SHA256SUMS.sig', problem: 'is missing: the bundle is not signed' },
    ]);
    await expect(verify(directory, 'no key')).rejects.toMatchObject({ code: 'request-invalid' });
  });

  it('refuses a key that is none', async () => {
    const { directory } = await makeSigned();
    await expect(verify(directory, 'no key')).rejects.toMatchObject({ code: 'request-invalid' });
  });

  it('names what else is on the stick, and reads none of it', async () => {
    const { directory } = await makeSigned();
    writeFileSync(join(directory, 'autorun.inf'), 'x');
    mkdirSync(join(directory, 'System Volume Information'));
    expect(await verify(directory)).toMatchObject({
      problems: [],
      strangers: ['System Volume Information', 'autorun.inf'],
    });
  });

  it('finds no bundle in an empty directory', async () => {
    const { problems } = await verify(await temporaryDirectory());
    expect(problems).toContainEqual(
      expect.objectContaining({ problem: expect.stringContaining('no bundle here') }),
    );
  });
});

// An export onto a stick that somebody has prepared: nothing outside of it is touched.
import { mkdirSync, readdirSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { verifyBundle } from '../../src/bundle/verify-bundle.ts';
import { sample } from '../places/sample-content.ts';
import { makeBundle, signal, temporaryDirectory } from './bundle-fixture.ts';

describe('an export onto a stick with links', () => {
  it.each(['blobs/more', 'blobs/sha256/more'])('empties no directory behind %s', async (name) => {
    const elsewhere = await temporaryDirectory();
    writeFileSync(join(elsewhere, 'treasure'), 'not ours');
    const directory = await temporaryDirectory();
    mkdirSync(join(directory, 'unfinished'));
    mkdirSync(join(directory, 'blobs/sha256'), { recursive: true });
    symlinkSync(elsewhere, join(directory, name));
    await makeBundle(sample(), { directory });
    expect(readdirSync(elsewhere)).toEqual(['treasure']);
    const { problems } = await verifyBundle(directory, { publicKey: undefined, signal });
    expect(problems).toEqual([]);
  });
});

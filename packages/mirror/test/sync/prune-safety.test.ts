// What a prune leaves alone, and what it says of what it did: nothing goes that is not surely gone.
import { Tag } from '@portolan/oci';
import { describe, expect, it } from 'vitest';
import { mirrorError } from '../../src/errors.ts';
import { sample } from '../places/sample-content.ts';
import { openSyncFixture } from './sync-fixture.ts';

const NOW = { afterDays: 0 };

async function withSample() {
  const fixture = await openSyncFixture();
  const content = sample();
  fixture.upstream.add(content);
  return { ...fixture, content };
}

describe('a prune', () => {
  it('of a repository that is gone removes nothing, though an image by digest is here', async () => {
    const { rule, sync, prune, upstream, content, tagsHere } = await withSample();
    const made = await rule({ tags: ['1.0', '2.0'], digests: [content.index.digest] });
    await sync(made);
    const before = await tagsHere();
    upstream.tagged.clear();
    upstream.manifests.clear();
    upstream.before = (request) => {
      if (request === 'tags') throw mirrorError('upstream-absent', 'no such repository');
    };
    expect((await sync(made)).report).toMatchObject({ outcome: 'ok', counts: { vanished: 2 } });
    expect(await prune(made, NOW)).toMatchObject({
      removed: [],
      refusal: expect.stringContaining('may be gone'),
    });
    expect(await tagsHere()).toEqual(before);
  });
});

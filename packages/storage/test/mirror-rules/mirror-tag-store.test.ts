import { Digest, RepositoryName, Tag } from '@portolan/oci';
import { expect, it } from 'vitest';
import type { MirrorTag } from '../../src/mirror-rules/mirror-tag-store.ts';
import { ACTOR, openAccess } from '../access-fixture.ts';
import { digestOf } from '../repository-content.ts';

const seen = (name: string, more: Partial<MirrorTag> = {}): MirrorTag => ({
  name: Tag.parse(name),
  digest: undefined,
  checkedAt: 1,
  changedAt: undefined,
  vanishedAt: undefined,
  error: undefined,
  ...more,
});

async function openTags() {
  const { mirrorRules, mirrorTags } = await openAccess();
  const rule = await mirrorRules.create(
    {
      upstream: 'quay.io',
      path: RepositoryName.parse('a/b'),
      destination: RepositoryName.parse('quay.io/a/b'),
      settings: {},
      nextRunAt: undefined,
    },
    ACTOR,
  );
  return { mirrorRules, mirrorTags, id: rule.id };
}

it('keeps the last that was noted of each tag', async () => {
  const { mirrorTags, id } = await openTags();
  await mirrorTags.note(id, [seen('b', { error: 'no answer' }), seen('a')]);
  const changed = seen('b', { digest: Digest.parse(digestOf('a')), checkedAt: 2, changedAt: 2 });
  await mirrorTags.note(id, [changed]);
  expect(await mirrorTags.list(id)).toEqual([seen('a'), changed]);
});

it('takes and forgets thousands of tags at once, and none', async () => {
  const { mirrorTags, id } = await openTags();
  const tags = Array.from({ length: 5000 }, (_, i) => seen(`t${String(i).padStart(4, '0')}`));
  await mirrorTags.note(id, []);
  await mirrorTags.note(id, tags);
  expect(await mirrorTags.list(id)).toEqual(tags);
  await mirrorTags.forget(id, []);
  await mirrorTags.forget(
    id,
    tags.slice(1).map(({ name }) => name),
  );
  expect(await mirrorTags.list(id)).toEqual([tags[0]]);
});

it('goes with the rule', async () => {
  const { mirrorRules, mirrorTags, id } = await openTags();
  await mirrorTags.note(id, [seen('a')]);
  await mirrorRules.delete(id, ACTOR);
  expect(await mirrorTags.list(id)).toEqual([]);
});

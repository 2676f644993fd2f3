import type { AccessStamp, Stamp } from '@portolan/oci';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { createStampStore } from '../../src/stamps/stamp-store.ts';
import { type Content, openContent, temporaryDirectory } from '../fixtures/content.ts';

let directory: ReturnType<typeof temporaryDirectory>;
let content: Content;
const ids = { ann: 0, disabled: 0, team: 0 };

beforeAll(async () => {
  directory = temporaryDirectory();
  content = await openContent(directory.path, { now: 1000 });
  await content.deps.database.write(async (tx) => {
    const user = async (name: string, is_disabled: 0 | 1) => {
      const row = { kind: 'user', name, is_admin: 0, is_disabled, generation: 3 } as const;
      const insert = tx.insertInto('subject').values({ ...row, created_at: 0 });
      return (await insert.returning('id').executeTakeFirstOrThrow()).id;
    };
    ids.ann = await user('ann', 0);
    ids.disabled = await user('dan', 1);
    const row = { name: 'team', kind: 'team', visibility: 'private', generation: 5 } as const;
    const insert = tx
      .insertInto('namespace')
      .values({ ...row, team_id: null, subject_id: null, allows_sparse_indexes: 0, created_at: 0 });
    ids.team = (await insert.returning('id').executeTakeFirstOrThrow()).id;
  });
});

afterAll(() => {
  content.close();
  directory.remove();
});

const ann = (): Stamp => [ids.ann, 3];
const team = (): Stamp => [ids.team, 5];

const stamps: [string, boolean, () => AccessStamp][] = [
  ['nothing at all (anonymous)', true, () => ({ namespaces: {} })],
  [
    'a subject and a namespace as they are',
    true,
    () => ({ subject: ann(), namespaces: { team: team(), '': [1, 0] } }),
  ],
  ['a subject of an older generation', false, () => ({ subject: [ids.ann, 2], namespaces: {} })],
  ['a subject that is not there', false, () => ({ subject: [999, 3], namespaces: {} })],
  ['a disabled subject', false, () => ({ subject: [ids.disabled, 3], namespaces: {} })],
  [
    'a namespace of an older generation',
    false,
    () => ({ subject: ann(), namespaces: { team: [ids.team, 4] } }),
  ],
  [
    'another namespace of the same name',
    false,
    () => ({ namespaces: { team: [ids.team - 1, 5] } }),
  ],
  ['a namespace that is not there', false, () => ({ namespaces: { team: team(), gone: [9, 0] } })],
];
test.each(stamps)('of %s is current: %s', async (_, isCurrent, stamp) => {
  expect(await createStampStore(content.deps).isCurrent(stamp())).toBe(isCurrent);
});

import { expect, it } from 'vitest';
import { createBundleStore } from '../../src/bundles/bundle-store.ts';
import { ACTOR, openAccess } from '../access-fixture.ts';

it('keeps bundles by direction and id, the newest first', async () => {
  const { deps, time, auditActions } = await openAccess();
  const bundles = createBundleStore(deps);
  const older = { id: 'b1', direction: 'export', madeAt: 1, manifest: { images: 1 } } as const;
  const newer = { ...older, id: 'b2', madeAt: 2 };
  await bundles.record(newer, ACTOR);
  await bundles.record(older, ACTOR);
  await bundles.record({ ...older, direction: 'import' }, ACTOR);
  const recordedAt = time.now;
  expect(await bundles.list('export')).toEqual([
    { ...newer, recordedAt },
    { ...older, recordedAt },
  ]);
  expect(await bundles.find('import', 'b1')).toMatchObject({ direction: 'import', id: 'b1' });
  expect(await bundles.find('import', 'b2')).toBeUndefined();
  const actions = ['bundle.export b2', 'bundle.export b1', 'bundle.import b1'];
  expect(await auditActions()).toEqual(actions);
});

it('records one anew that was there already', async () => {
  const { deps, time } = await openAccess();
  const bundles = createBundleStore(deps);
  const bundle = { id: 'b1', direction: 'import', madeAt: 1, manifest: {} } as const;
  await bundles.record(bundle, ACTOR);
  time.now += 5;
  await bundles.record({ ...bundle, manifest: { again: true } }, ACTOR);
  expect(await bundles.list('import')).toEqual([
    { ...bundle, manifest: { again: true }, recordedAt: time.now },
  ]);
});

import { RepositoryName } from '@portolan/oci';
import { expect, it } from 'vitest';
import { ACTOR, openAccess } from '../access-fixture.ts';

async function openRuns() {
  const access = await openAccess();
  const rule = await access.mirrorRules.create(
    {
      upstream: 'quay.io',
      path: RepositoryName.parse('a/b'),
      destination: RepositoryName.parse('quay.io/a/b'),
      settings: {},
      nextRunAt: undefined,
    },
    ACTOR,
  );
  return { ...access, id: rule.id };
}

it('keeps the runs of a rule, the newest first', async () => {
  const { mirrorRuns, time, id } = await openRuns();
  const first = await mirrorRuns.start(id);
  const running = { ruleId: id, startedAt: time.now, outcome: 'running', summary: {} };
  expect(first).toMatchObject({ ...running, endedAt: undefined });
  const second = await mirrorRuns.start(id);
  time.now += 5;
  await mirrorRuns.finish(first.id, 'partial', { failed: 1 });
  const ended = { ...first, endedAt: time.now, outcome: 'partial', summary: { failed: 1 } };
  expect(await mirrorRuns.list(id, 10)).toEqual([second, ended]);
  expect(await mirrorRuns.list(id, 1)).toEqual([second]);
});

it('does not finish a run that is not there', async () => {
  const { mirrorRuns } = await openRuns();
  await expect(mirrorRuns.finish(9, 'ok', {})).rejects.toMatchObject({ code: 'not-found' });
});

it('keeps a thousand runs of a rule', async () => {
  const { mirrorRuns, database, id } = await openRuns();
  await database.write(async (tx) => {
    const row = { rule_id: id, started_at: 1, ended_at: 1, outcome: 'ok', summary: '{}' } as const;
    for (let i = 0; i < 1005; i++) await tx.insertInto('mirror_run').values(row).execute();
  });
  const last = await mirrorRuns.start(id);
  const runs = await mirrorRuns.list(id, 2000);
  expect(runs).toHaveLength(1000);
  expect(runs[0]).toEqual(last);
});

it('tells when each rule was last well, which no later failure takes back', async () => {
  const { mirrorRuns, mirrorRules, time, id } = await openRuns();
  expect(await mirrorRuns.lastSuccesses(10)).toEqual([]);
  const second = await mirrorRules.create(
    {
      upstream: 'quay.io',
      path: RepositoryName.parse('a/a'),
      destination: RepositoryName.parse('quay.io/a/a'),
      settings: {},
      nextRunAt: undefined,
    },
    ACTOR,
  );
  const finished = async (rule: number, outcome: 'ok' | 'failed') => {
    time.now += 10;
    await mirrorRuns.finish((await mirrorRuns.start(rule)).id, outcome, {});
    return time.now;
  };
  await finished(id, 'ok');
  const endedAt = await finished(id, 'ok');
  await finished(id, 'failed');
  await finished(second.id, 'failed');
  await mirrorRuns.start(id);
  const first = { destination: 'quay.io/a/b', endedAt };
  expect(await mirrorRuns.lastSuccesses(10)).toEqual([first]);
  const other = { destination: 'quay.io/a/a', endedAt: await finished(second.id, 'ok') };
  expect(await mirrorRuns.lastSuccesses(10)).toEqual([other, first]);
  expect(await mirrorRuns.lastSuccesses(1)).toEqual([other]);
});

it('loses the runs with their rule', async () => {
  const { mirrorRuns, mirrorRules, id } = await openRuns();
  await mirrorRuns.start(id);
  await mirrorRules.delete(id, ACTOR);
  expect(await mirrorRuns.list(id, 10)).toEqual([]);
});

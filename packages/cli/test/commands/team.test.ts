import { expect, it } from 'vitest';
import { openCommands } from './command-fixture.ts';

it('team create, list, set and show tell what a team is', async () => {
  const { run } = await openCommands();
  await run('user create ann');
  const made = await run('team create ops --owner ann --description', { more: ['runs it all'] });
  expect(made.record).toMatchObject({ name: 'ops', description: 'runs it all' });
  await run('team create dev');
  const { rows, columns } = await run('team list');
  expect(rows?.map((row) => row['name'])).toEqual(['dev', 'ops']);
  expect(columns).toEqual(['name', 'description', 'created']);
  await run('namespace create apps --team ops');
  await run('team set ops --description', { more: ['something else'] });
  expect((await run('team show ops')).record).toMatchObject({
    description: 'something else',
    members: { ann: 'owner' },
    namespaces: ['apps'],
  });
});

it('team add-member makes a viewer unless said otherwise, and changes roles', async () => {
  const { run } = await openCommands();
  await run('user create ann');
  await run('user create bob');
  await run('team create ops --owner ann');
  const members = async (line: string) => (await run(line)).record?.['members'];
  expect(await members('team add-member ops bob')).toEqual({ ann: 'owner', bob: 'viewer' });
  const changed = await members('team add-member ops bob --role contributor');
  expect(changed).toEqual({ ann: 'owner', bob: 'contributor' });
  expect(await members('team remove-member ops bob')).toEqual({ ann: 'owner' });
});

it('team delete says so', async () => {
  const { run } = await openCommands();
  await run('team create ops');
  expect((await run('team delete ops')).notes).toEqual(["Team 'ops' is deleted."]);
  expect((await run('team list')).rows).toEqual([]);
});

it.each([
  ['team create ops', 'name-taken'],
  ['team create Ops', 'account-name-invalid'],
  ['team set ops', 'commander.missingMandatoryOptionValue'],
  ['team add-member ops ann --role boss', 'role-invalid'],
  ['team add-member ops ann --role viewer', 'last-owner'],
  ['team remove-member ops ann', 'last-owner'],
  ['team delete ops', 'still-in-use'],
  ['user delete ann', 'last-owner'],
])('%s is refused with %s', async (line, code) => {
  const { run } = await openCommands();
  await run('user create ann');
  await run('team create ops --owner ann');
  await run('namespace create apps --team ops');
  await expect(run(line)).rejects.toMatchObject({ code });
  expect((await run('team show ops')).record).toMatchObject({ members: { ann: 'owner' } });
});

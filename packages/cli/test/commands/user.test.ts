import { createPasswordHasher } from '@portolan/auth';
import { Digest, RepositoryName } from '@portolan/oci';
import { writeFile } from 'node:fs/promises';
import path from 'node:path';
import { describe, expect, it } from 'vitest';
import { openCommands } from './command-fixture.ts';

type Commands = Awaited<ReturnType<typeof openCommands>>;

async function isPassword({ withStorage }: Commands, name: string, password: unknown) {
  return await withStorage(async ({ subjects, credentials }) => {
    const user = await subjects.find(name);
    const hash = user && (await credentials.passwordHash(user.id));
    return await createPasswordHasher().verify(hash, String(password));
  });
}

describe('user create', () => {
  it('shows a generated password once', async () => {
    const commands = await openCommands();
    const { record, notes } = await commands.run('user create ann --admin');
    expect(record).toMatchObject({ name: 'ann', admin: true, disabled: false });
    expect(record?.['created']).toMatch(/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ$/);
    expect(notes).toEqual([expect.stringContaining('only now')]);
    expect(await isPassword(commands, 'ann', record?.['password'])).toBe(true);
    expect((await commands.run('user show ann')).record).not.toHaveProperty('password');
  });

  it.each([
    ['stdin', 'correct horse\n'],
    ['a file', 'correct horse\r\n'],
    ['a file without a line break', 'correct horse'],
  ])('takes the password from %s and does not show it', async (source, text) => {
    const commands = await openCommands();
    const file = path.join(commands.dataDirectory, 'password');
    await writeFile(file, text);
    const { record, notes } =
      source === 'stdin'
        ? await commands.run('user create ann --password-stdin', { stdin: text })
        : await commands.run('user create ann --password-file', { more: [file] });
    expect(record).toMatchObject({ name: 'ann', admin: false });
    expect(record).not.toHaveProperty('password');
    expect(notes).toEqual([]);
    expect(await isPassword(commands, 'ann', 'correct horse')).toBe(true);
  });

  it.each([
    ['user create Ann', 'account-name-invalid'],
    ['user create bob', 'name-taken'],
    ['user create ann --password-stdin', 'password-refused'],
    ['user create ann --password-file /nowhere/password', 'password-unreadable'],
    ['user create ann --password-stdin --password-file x', 'commander.conflictingOption'],
    ['user create', 'commander.missingArgument'],
  ])('%s is refused with %s', async (line, code) => {
    const { run } = await openCommands();
    await run('user create bob');
    await expect(run(line, { stdin: 'short\n' })).rejects.toMatchObject({ code });
    expect((await run('user list')).rows).toHaveLength(1);
  });
});

describe('user list and show', () => {
  it('tell who there is, and what each belongs to', async () => {
    const { run } = await openCommands();
    await run('user create bob');
    await run('user create ann --admin');
    await run('team create ops --owner ann');
    await run('namespace create apps --team ops');
    const { rows, columns } = await run('user list');
    expect(rows?.map((row) => [row['name'], row['admin']])).toEqual([
      ['ann', true],
      ['bob', false],
    ]);
    expect(columns).toEqual(['name', 'admin', 'disabled', 'created']);
    expect((await run('user show ann')).record).toMatchObject({
      name: 'ann',
      teams: { ops: 'owner' },
      namespaces: ['ann', 'apps'],
    });
  });
});

describe('user set', () => {
  it('changes rights, and whether the user may log in', async () => {
    const { run } = await openCommands();
    await run('user create root --admin');
    await run('user create ann');
    const on = await run('user set ann --admin --disable');
    expect(on.record).toMatchObject({ name: 'ann', admin: true, disabled: true });
    const off = await run('user set ann --no-admin --enable');
    expect(off.record).toMatchObject({ name: 'ann', admin: false, disabled: false });
  });

  it('replaces the password by a generated or a given one', async () => {
    const commands = await openCommands();
    await commands.run('user create ann');
    const { record } = await commands.run('user set ann --generate-password');
    expect(await isPassword(commands, 'ann', record?.['password'])).toBe(true);
    const line = 'user set ann --password-stdin';
    const given = await commands.run(line, { stdin: 'correct horse' });
    expect(given.record).not.toHaveProperty('password');
    expect(await isPassword(commands, 'ann', 'correct horse')).toBe(true);
  });

  it.each([
    ['user set ann', 'nothing-to-change'],
    ['user set ann --no-admin', 'last-administrator'],
    ['user set ann --disable', 'last-administrator'],
    ['user set ann --disable --enable', 'commander.conflictingOption'],
    ['user set ann --generate-password --password-stdin', 'commander.conflictingOption'],
    ['user set bob --admin', 'not-found'],
  ])('%s is refused with %s', async (line, code) => {
    const { run } = await openCommands();
    await run('user create ann --admin');
    await expect(run(line)).rejects.toMatchObject({ code });
    expect((await run('user show ann')).record).toMatchObject({ admin: true, disabled: false });
  });
});

describe('user delete', () => {
  it('says so', async () => {
    const { run } = await openCommands();
    await run('user create ann');
    expect((await run('user delete ann')).notes).toEqual(["User 'ann' is deleted."]);
    expect((await run('user list')).rows).toEqual([]);
  });

  it('says what happens to a namespace that holds repositories', async () => {
    const { run, withStorage } = await openCommands();
    await run('user create ann');
    await withStorage(async ({ uploads }) => {
      const repository = RepositoryName.parse('ann/app');
      const begun = await uploads.begin({ repository, subject: 'ann' });
      const bytes = (async function* () {
        yield Buffer.from('x');
      })();
      const upload = await uploads.append(begun, { bytes });
      const digest = 'sha256:2d711642b726b04401627ca9fbac32f5c8530fb1903cc4db02258717921a4881';
      await uploads.commit(upload, Digest.parse(digest));
    });
    const { notes } = await run('user delete ann');
    expect(notes).toHaveLength(2);
    expect((await run('namespace show ann')).record).toMatchObject({ owner: null });
  });
});

describe('a name that nobody has', () => {
  it.each([
    ['user show anne', "did you mean 'anna'?"],
    ['user delete anne', "did you mean 'anna'?"],
    ['user show zzzzzzzz', '`portolan user list` shows those that there are'],
    ['team show opps', "did you mean 'ops'?"],
    ['team add-member opps anna', "did you mean 'ops'?"],
    ['team add-member ops bib', "did you mean 'bob'?"],
    ['team remove-member ops bob', '`portolan team show` shows those that there are'],
    ['team create dev --owner anne', "did you mean 'anna'?"],
    ['namespace show aps', "did you mean 'apps'?"],
    ['namespace create web --team opps', "did you mean 'ops'?"],
  ])('%s: %s', async (line, hint) => {
    const { run } = await openCommands();
    await run('user create anna');
    await run('user create bob');
    await run('team create ops --owner anna');
    await run('namespace create apps --team ops');
    await expect(run(line)).rejects.toMatchObject({ code: 'not-found', detail: { hint } });
  });
});

// `portolan user`: who can log in.
import type { UserChanges } from '@portolan/auth';
import type { Storage, Subject } from '@portolan/storage';
import { type Command, Option } from 'commander';
import type { CommandContext } from './context.ts';
import { writtenNamespace } from './namespace-argument.ts';
import { addPasswordOptions, type PasswordOptions, readPassword } from './password-options.ts';
import { timestamp } from './timestamp.ts';
import { notFound, withAccounts, withStores } from './with-accounts.ts';

interface SetOptions extends PasswordOptions {
  readonly admin?: boolean;
  readonly disable?: true;
  readonly enable?: true;
  readonly generatePassword?: true;
}

function userRow({ name, isAdmin, isDisabled, createdAt }: Subject) {
  return { name, admin: isAdmin, disabled: isDisabled, created: timestamp(createdAt) };
}

/** Shown, and said that it is for the only time. */
function passwordField(context: CommandContext, password: string | undefined) {
  if (password === undefined) return {};
  context.output.note('The password is shown only now: it is stored nowhere.');
  return { password };
}

async function getUser(storage: Storage, name: string): Promise<Subject> {
  const user = await storage.subjects.find(name);
  if (user?.kind !== 'user') throw notFound('user', name);
  return user;
}

async function showUser(storage: Storage, name: string) {
  const user = await getUser(storage, name);
  const teams = await storage.teams.membershipsOf(name);
  const ids = new Set(await storage.namespaces.idsOf(user.id));
  const namespaces = (await storage.namespaces.list()).filter(({ id }) => ids.has(id));
  return {
    ...userRow(user),
    teams: Object.fromEntries(teams.map(({ team, role }) => [team, role])),
    namespaces: namespaces.map((namespace) => writtenNamespace(namespace.name)),
  };
}

function registerCreate(user: Command, context: CommandContext): void {
  addPasswordOptions(
    user
      .command('create <name>')
      .description('Create a user, with a generated password unless one is given')
      .option('--admin', 'make the user an administrator'),
  ).action(async (name: string, options: PasswordOptions & { admin?: true }) => {
    const password = (await readPassword(context, options)) ?? ({ kind: 'generated' } as const);
    await withAccounts(context, async (accounts) => {
      const request = { name, isAdmin: options.admin === true, password };
      const { user: created, generatedPassword } = await accounts.createUser(request);
      const shown = passwordField(context, generatedPassword);
      context.output.record({ ...userRow(created), ...shown });
    });
  });
}

function registerReads(user: Command, context: CommandContext): void {
  user
    .command('list')
    .description('List all users')
    .action(() =>
      withStores(context, async (storage) => {
        const users = (await storage.subjects.list()).filter(({ kind }) => kind === 'user');
        context.output.rows(users.map(userRow), ['name', 'admin', 'disabled', 'created']);
      }),
    );
  user
    .command('show <name>')
    .description('Show a user, with teams and namespaces')
    .action((name: string) =>
      withStores(context, async (storage) => {
        context.output.record(await showUser(storage, name));
      }),
    );
}

function registerSet(user: Command, context: CommandContext): void {
  addPasswordOptions(
    user
      .command('set <name>')
      .description('Change a user; tokens already issued end')
      .option('--admin', 'make the user an administrator')
      .option('--no-admin', 'make the user an ordinary one')
      .addOption(new Option('--disable', 'refuse every login of the user').conflicts('enable'))
      .option('--enable', 'allow the user to log in again')
      .addOption(
        new Option('--generate-password', 'make a new password and show it').conflicts([
          'passwordStdin',
          'passwordFile',
        ]),
      ),
  ).action(async (name: string, options: SetOptions) => {
    const { admin, disable, enable, generatePassword } = options;
    const given = await readPassword(context, options);
    const password = generatePassword ? ({ kind: 'generated' } as const) : given;
    const changes: UserChanges = {
      ...(admin === undefined ? {} : { isAdmin: admin }),
      ...(disable || enable ? { isDisabled: disable === true } : {}),
      ...(password === undefined ? {} : { password }),
    };
    await withAccounts(context, async (accounts, storage) => {
      const generated = await accounts.updateUser(name, changes);
      const changed = userRow(await getUser(storage, name));
      context.output.record({ ...changed, ...passwordField(context, generated) });
    });
  });
}

function registerDelete(user: Command, context: CommandContext): void {
  user
    .command('delete <name>')
    .description('Delete a user, with memberships and an empty personal namespace')
    .action((name: string) =>
      withStores(context, async (storage) => {
        await storage.subjects.delete(name, context.actor);
        context.output.done({ name, isDeleted: true }, `User '${name}' is deleted.`);
        if ((await storage.namespaces.find(name)) !== undefined) {
          context.output.note(
            `The namespace '${name}' holds repositories and stays, private, for administrators.`,
          );
        }
      }),
    );
}

export function registerUser(program: Command, context: CommandContext): void {
  const user = program.command('user').description('Manage users');
  registerCreate(user, context);
  registerReads(user, context);
  registerSet(user, context);
  registerDelete(user, context);
}

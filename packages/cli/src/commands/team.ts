// `portolan team`: who works together, and in which role.
import type { Storage, Team } from '@portolan/storage';
import type { Command } from 'commander';
import type { CommandContext } from './context.ts';
import { timestamp } from './timestamp.ts';
import { notFound, withAccounts, withStores } from './with-accounts.ts';

interface CreateOptions {
  readonly owner?: string;
  readonly description?: string;
}

function teamRow({ name, description, createdAt }: Team) {
  return { name, description, created: timestamp(createdAt) };
}

async function showTeam(storage: Storage, name: string) {
  const team = await storage.teams.find(name);
  if (team === undefined) throw notFound('team', name);
  const members = await storage.teams.members(name);
  const namespaces = (await storage.namespaces.list()).filter((owned) => owned.team === name);
  return {
    ...teamRow(team),
    members: Object.fromEntries(members.map(({ subject, role }) => [subject, role])),
    namespaces: namespaces.map((namespace) => namespace.name),
  };
}

function registerChanges(team: Command, context: CommandContext): void {
  team
    .command('create <name>')
    .description('Create a team')
    .option('--owner <user>', 'its first owner; without one only administrators manage it')
    .option('--description <text>', 'what it is for')
    .action((name: string, { owner, description }: CreateOptions) =>
      withAccounts(context, async (accounts) => {
        context.output.record(teamRow(await accounts.createTeam({ name, owner, description })));
      }),
    );
  team
    .command('set <name>')
    .description('Change a team')
    .requiredOption('--description <text>', 'what it is for')
    .action((name: string, { description }: { description: string }) =>
      withAccounts(context, async (accounts, storage) => {
        await accounts.setTeamDescription(name, description);
        context.output.record(await showTeam(storage, name));
      }),
    );
  team
    .command('delete <name>')
    .description('Delete a team that owns no namespace')
    .action((name: string) =>
      withStores(context, async (storage) => {
        await storage.teams.delete(name, context.actor);
        context.output.done({ name, isDeleted: true }, `Team '${name}' is deleted.`);
      }),
    );
}

function registerReads(team: Command, context: CommandContext): void {
  team
    .command('list')
    .description('List all teams')
    .action(() =>
      withStores(context, async (storage) => {
        const teams = await storage.teams.list();
        context.output.rows(teams.map(teamRow), ['name', 'description', 'created']);
      }),
    );
  team
    .command('show <name>')
    .description('Show a team, with its members and namespaces')
    .action((name: string) =>
      withStores(context, async (storage) => {
        context.output.record(await showTeam(storage, name));
      }),
    );
}

function registerMembers(team: Command, context: CommandContext): void {
  team
    .command('add-member <team> <user>')
    .description('Add a member, or give one another role')
    .option('--role <role>', 'viewer (pulls), contributor (pushes too) or owner', 'viewer')
    .action((name: string, user: string, { role }: { role: string }) =>
      withAccounts(context, async (accounts, storage) => {
        await accounts.setTeamMember(name, { user, role });
        context.output.record(await showTeam(storage, name));
      }),
    );
  team
    .command('remove-member <team> <user>')
    .description('Remove a member; tokens already issued end')
    .action((name: string, user: string) =>
      withStores(context, async (storage) => {
        await storage.teams.removeMember(name, user, context.actor);
        context.output.record(await showTeam(storage, name));
      }),
    );
}

export function registerTeam(program: Command, context: CommandContext): void {
  const team = program.command('team').description('Manage teams and their members');
  registerChanges(team, context);
  registerReads(team, context);
  registerMembers(team, context);
}

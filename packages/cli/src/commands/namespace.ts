// `portolan namespace`: the first part of repository names, whose it is and who sees it.
import type { Namespace, Storage } from '@portolan/storage';
import type { Command } from 'commander';
import type { CommandContext } from './context.ts';
import { GLOBAL_NAMESPACE_HELP, readNamespace, writtenNamespace } from './namespace-argument.ts';
import { timestamp } from './timestamp.ts';
import { notFound, withAccounts, withStores } from './with-accounts.ts';

interface SettingOptions {
  readonly team?: string;
  readonly visibility?: string;
  readonly sparseIndexes?: boolean;
  /** False is `--no-mirror`. */
  readonly mirror?: boolean;
}

const VISIBILITY_HELP = 'public (anyone pulls), protected (anyone logged in) or private';

function namespaceRow(namespace: Namespace) {
  return {
    name: writtenNamespace(namespace.name),
    kind: namespace.isMirror ? 'mirror' : namespace.kind,
    visibility: namespace.visibility,
    team: namespace.team ?? null,
    owner: namespace.owner ?? null,
    sparseIndexes: namespace.allowsSparseIndexes,
    created: timestamp(namespace.createdAt),
  };
}

async function showNamespace(storage: Storage, name: string) {
  const namespace = await storage.namespaces.find(name);
  if (namespace === undefined) throw notFound('namespace', name);
  return namespaceRow(namespace);
}

function registerChanges(namespace: Command, context: CommandContext): void {
  namespace
    .command('create <name>')
    .description('Create a namespace, private unless said otherwise')
    .option('--team <team>', 'the team that owns it; without one only administrators use it')
    .option('--visibility <visibility>', VISIBILITY_HELP)
    .action((argument: string, { team, visibility }: SettingOptions) =>
      withAccounts(context, async (accounts) => {
        const request = { name: readNamespace(argument), team, visibility };
        context.output.record(namespaceRow(await accounts.createNamespace(request)));
      }),
    );
  namespace
    .command('set <name>')
    .description('Change a namespace')
    .option('--visibility <visibility>', VISIBILITY_HELP)
    .option('--team <team>', 'the team that owns it from now on')
    .option('--sparse-indexes', 'accept indexes whose manifests are not all here')
    .option('--no-sparse-indexes', 'refuse indexes whose manifests are not all here')
    .option('--no-mirror', 'let those push who have a right to, once no mirror rule writes there')
    .action((argument: string, { team, visibility, sparseIndexes, mirror }: SettingOptions) =>
      withAccounts(context, async (accounts, storage) => {
        const name = readNamespace(argument);
        await accounts.updateNamespace(name, {
          team,
          visibility,
          allowsSparseIndexes: sparseIndexes,
          isMirror: mirror === false ? false : undefined,
        });
        context.output.record(await showNamespace(storage, name));
      }),
    );
  namespace
    .command('delete <name>')
    .description('Delete a namespace that holds no repository, or --with-content')
    .option('--with-content', 'delete all its repositories too')
    .action((argument: string, { withContent = false }: { withContent?: boolean }) =>
      withStores(context, async (storage) => {
        await storage.namespaces.delete(readNamespace(argument), withContent, context.actor);
        const sentence = `Namespace '${argument}' is deleted.`;
        context.output.done({ name: argument, isDeleted: true }, sentence);
      }),
    );
}

function registerReads(namespace: Command, context: CommandContext): void {
  namespace
    .command('list')
    .description('List all namespaces')
    .action(() =>
      withStores(context, async (storage) => {
        const columns = ['name', 'kind', 'visibility', 'team', 'owner'];
        context.output.rows((await storage.namespaces.list()).map(namespaceRow), columns);
      }),
    );
  namespace
    .command('show <name>')
    .description('Show a namespace')
    .action((argument: string) =>
      withStores(context, async (storage) => {
        context.output.record(await showNamespace(storage, readNamespace(argument)));
      }),
    );
}

export function registerNamespace(program: Command, context: CommandContext): void {
  const namespace = program
    .command('namespace')
    .description('Manage namespaces and who sees them')
    .addHelpText('after', GLOBAL_NAMESPACE_HELP);
  registerChanges(namespace, context);
  registerReads(namespace, context);
  for (const command of namespace.commands) command.addHelpText('after', GLOBAL_NAMESPACE_HELP);
}

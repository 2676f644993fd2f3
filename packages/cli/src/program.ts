// The command `portolan`: one noun, one module, imported only when it is called, so that an answer
// does not wait for code that it does not need.
import { Command, CommanderError } from 'commander';
import type { CommandContext } from './commands/context.ts';
import { createCommandContext } from './commands/create-context.ts';
import { addGlobalOptions, type GlobalOptions } from './commands/global-options.ts';
import { EXIT, type ExitCode } from './terminal/exit-codes.ts';
import { explainFailure, failureText, stackText } from './terminal/explain-failure.ts';
import { VERSION } from './version.ts';

interface Noun {
  readonly name: string;
  readonly summary: string;
  readonly load: () => Promise<(program: Command, context: CommandContext) => void>;
}

const NOUNS: readonly Noun[] = [
  {
    name: 'serve',
    summary: 'Run the registry and its token service',
    load: async () => (await import('./commands/serve.ts')).registerServe,
  },
  {
    name: 'user',
    summary: 'Manage users',
    load: async () => (await import('./commands/user.ts')).registerUser,
  },
  {
    name: 'team',
    summary: 'Manage teams and their members',
    load: async () => (await import('./commands/team.ts')).registerTeam,
  },
  {
    name: 'namespace',
    summary: 'Manage namespaces and who sees them',
    load: async () => (await import('./commands/namespace.ts')).registerNamespace,
  },
  {
    name: 'mirror',
    summary: 'Copy repositories of other registries here, by rules',
    load: async () => (await import('./commands/mirror.ts')).registerMirror,
  },
  {
    name: 'upstream',
    summary: 'Manage the registries that the mirror copies from',
    load: async () => (await import('./commands/upstream.ts')).registerUpstream,
  },
  {
    name: 'sync',
    summary: 'Copy images between registries and directories, as skopeo sync does',
    load: async () => (await import('./commands/sync.ts')).registerSync,
  },
  {
    name: 'ca',
    summary: 'Make certificates for servers, and let clients trust them',
    load: async () => (await import('./commands/ca.ts')).registerCa,
  },
  {
    name: 'key',
    summary: 'Manage the keys that sign tokens',
    load: async () => (await import('./commands/key.ts')).registerKey,
  },
  {
    name: 'bundle',
    summary: 'Carry images on a stick',
    load: async () => (await import('./commands/bundle.ts')).registerBundle,
  },
  {
    name: 'client',
    summary: 'Configure engines to pull from here, and see what they would get',
    load: async () => (await import('./commands/client.ts')).registerClient,
  },
  {
    name: 'doctor',
    summary: 'Look at a server, and say what to do about what is wrong',
    load: async () => (await import('./commands/doctor.ts')).registerDoctor,
  },
  {
    name: 'health',
    summary: 'Ask the server of this machine whether it is ready',
    load: async () => (await import('./commands/health.ts')).registerHealth,
  },
  {
    name: 'version',
    summary: 'Print the versions of Portolan and of Node',
    load: async () => (await import('./commands/version.ts')).registerVersion,
  },
];

/** Registers the noun that is called with all its verbs, the others by name alone. */
async function registerNouns(
  program: Command,
  context: CommandContext,
  args: readonly string[],
): Promise<void> {
  for (const { name, summary, load } of NOUNS) {
    if (args.includes(name)) (await load())(program, context);
    else program.command(name).description(summary).allowUnknownOption().allowExcessArguments();
  }
}

async function createProgram(args: readonly string[]): Promise<Command> {
  const program = addGlobalOptions(new Command('portolan'))
    .description('A self-hosted OCI container registry with a token service')
    .version(VERSION, '-V, --version', 'print the version')
    .showSuggestionAfterError()
    .configureHelp({ showGlobalOptions: true })
    .exitOverride();
  const context = createCommandContext(() => program.opts<GlobalOptions>());
  await registerNouns(program, context, args);
  return program;
}

/** Commander has printed its message already; help that was asked for is no failure. */
function exitCodeOfUsage(error: CommanderError): ExitCode {
  return error.exitCode === 0 ? EXIT.ok : EXIT.usage;
}

/** Runs one command line to its end and returns the exit code. */
export async function runCommandLine(args: readonly string[]): Promise<ExitCode> {
  try {
    const program = await createProgram(args);
    await program.parseAsync(args, { from: 'user' });
    return EXIT.ok;
  } catch (error) {
    if (error instanceof CommanderError) return exitCodeOfUsage(error);
    const failure = explainFailure(error);
    process.stderr.write(`${failureText(failure)}\n`);
    if (args.includes('--debug')) process.stderr.write(`${stackText(error)}\n`);
    return failure.exitCode;
  }
}

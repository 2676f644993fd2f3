// `portolan doctor`: looks at a server from inside and from outside, and says what to do about what is wrong.
import { DomainError } from '@portolan/oci';
import type { Command } from 'commander';
import { readAuthority, readOwnAuthority } from '../connection/own-authority.ts';
import type { RegistryLogin } from '../connection/registry-login.ts';
import { EXIT } from '../terminal/exit-codes.ts';
import { CommandFailure } from '../terminal/explain-failure.ts';
import type { CommandContext } from './context.ts';
import { addPasswordOptions, type PasswordOptions, readPassword } from './password-options.ts';
import { collectText } from './repeated-option.ts';

interface DoctorOptions extends PasswordOptions {
  readonly url?: string;
  readonly ca?: string;
  readonly user?: string;
  readonly namespace?: string;
  readonly skip?: readonly string[];
}

const LIMIT_MS = 5000;

const HELP = `
On the machine of the server, run it as the server's user and with its settings; an image is then pushed
with a token that is signed with the keys in the data directory, so that no password is needed. Anywhere
else give --url, and --user for the push; settings and data of another server are then left alone.
What is pushed is taken away again. Nothing else is changed, and no secret is printed.
It ends with 0 when nothing failed, warnings or not, and with 1 otherwise.`;

async function readLogin(
  context: CommandContext,
  options: DoctorOptions,
): Promise<RegistryLogin | undefined> {
  const { user: username } = options;
  if (username === undefined) return undefined;
  const choice = await readPassword(context, options);
  const password =
    choice?.kind === 'given'
      ? choice.password
      : await context.askSecret(`Password of ${username}: `);
  if (password !== undefined) return { username, password };
  throw new CommandFailure('there is no terminal to ask for the password', EXIT.usage, {
    hint: 'Give it with --password-stdin or --password-file.',
  });
}

function checkSkipped(skip: readonly string[], known: readonly string[]): ReadonlySet<string> {
  const names = skip.flatMap((text) => text.split(',')).map((text) => text.trim());
  const wrong = names.find((name) => !known.includes(name));
  if (wrong === undefined) return new Set(names);
  throw new DomainError('request-invalid', `there is no check '${wrong}'`, {
    hint: `there are ${known.join(', ')}`,
  });
}

/** With the settings broken there is none that we know of, and that is told by its own check. */
async function readTrust(context: CommandContext, file: string | undefined) {
  const given = file === undefined ? undefined : await readAuthority(file);
  const own = await readOwnAuthority(context).catch(() => undefined);
  return { ca: given ?? own?.trusted, retired: own?.retired ?? [] };
}

async function diagnose(context: CommandContext, options: DoctorOptions) {
  // Loaded here: it takes half of everything.
  const [{ CHECKS }, { runChecks }, { withWorld }] = await Promise.all([
    import('../doctor/check-table.ts'),
    import('../doctor/run-checks.ts'),
    import('../doctor/open-world.ts'),
  ]);
  const skip = checkSkipped(
    options.skip ?? [],
    CHECKS.map(({ name }) => name),
  );
  const login = await readLogin(context, options);
  const { ca, retired } = await readTrust(context, options.ca);
  const { url, namespace } = options;
  return await withWorld(context, { url, ca, retired, login, namespace }, (world) =>
    runChecks(CHECKS, world, { skip, limitMs: LIMIT_MS }),
  );
}

export function registerDoctor(program: Command, context: CommandContext): void {
  addPasswordOptions(
    program
      .command('doctor')
      .description(
        'Look at a server from inside and outside, and say what to do about what is wrong',
      )
      .option('--url <url>', 'where clients reach it; without it public_url')
      .option(
        '--ca <file>',
        'the certificate of its authority, where this machine does not trust it',
      )
      .option('--user <name>', 'log in as this user, and push as that one')
      .option('--namespace <name>', 'where the scratch repository goes; the user’s own without it')
      .option('--skip <check>', 'leave a check out; repeatable, or with commas', collectText),
  )
    .addHelpText('after', HELP)
    .action(async (options: DoctorOptions) => {
      const { countVerdicts, formatForTerminal, formatPlain } = await import('../doctor/report.ts');
      const results = await diagnose(context, options);
      const counts = countVerdicts(results);
      context.output.report({ ...counts, checks: results }, (width) =>
        width === undefined ? formatPlain(results) : formatForTerminal(results, width),
      );
      if (counts.fail === 0) return;
      const what = counts.fail === 1 ? 'one check has' : `${counts.fail} checks have`;
      throw new CommandFailure(`${what} failed`, EXIT.failed);
    });
}

// Where an upstream's credentials come from: one source at a time, and never the command line itself.
// All are taken over now and kept sealed, but for a helper's, who is asked each time.
import type { UpstreamChanges, UpstreamCredentials } from '@portolan/mirror';
import { DomainError } from '@portolan/oci';
import { type Command, Option } from 'commander';
import type { CommandContext } from './context.ts';
import { type PasswordOptions, readPassword } from './password-options.ts';
import { readAuthFiles } from './registry-logins.ts';

export interface CredentialOptions extends PasswordOptions {
  readonly username?: string;
  readonly passwordEnv?: string;
  readonly identityTokenStdin?: true;
  readonly registryTokenStdin?: true;
  readonly authfile?: string;
  readonly credentialHelper?: string;
  /** True also when nothing was said. */
  readonly credentials: boolean;
}

type CredentialChanges = Pick<UpstreamChanges, 'credentials' | 'credentialHelper'>;

/** What a password or its user's name goes with, and what needs no name. */
const PASSWORDS: readonly (readonly [flags: string, description: string])[] = [
  ['--password-stdin', 'read the password from standard input'],
  ['--password-file <file>', 'read the password from a file'],
  ['--password-env <name>', 'read the password from this environment variable'],
];
const WHOLE: readonly (readonly [flags: string, description: string])[] = [
  ['--identity-token-stdin', 'read an identity (refresh) token from standard input'],
  ['--registry-token-stdin', 'read a token from standard input that is sent as it is'],
  ['--authfile <file>', 'take over the login that an auth.json has for it now'],
  ['--credential-helper <name>', 'ask docker-credential-NAME whenever a sync begins'],
  ['--no-credentials', 'forget all credentials, and the helper'],
];

export function addCredentialOptions(command: Command): Command {
  const username = new Option('--username <name>', 'log in there with this name');
  const passwords = PASSWORDS.map(([flags, description]) => new Option(flags, description));
  const whole = WHOLE.map(([flags, description]) => new Option(flags, description));
  const sources = [...passwords, ...whole];
  for (const option of sources) {
    const others = sources.filter((other) => other !== option);
    option.conflicts(others.map((other) => other.attributeName()));
  }
  for (const option of whole) option.conflicts('username');
  for (const option of [username, ...sources]) command.addOption(option);
  return command;
}

function usage(message: string, hint: string): DomainError {
  return new DomainError('request-invalid', message, { hint });
}

async function readSecret(
  context: CommandContext,
  options: PasswordOptions & { readonly passwordEnv?: string },
): Promise<string | undefined> {
  const { passwordEnv } = options;
  if (passwordEnv === undefined) {
    const choice = await readPassword(context, options);
    return choice?.kind === 'given' ? choice.password : undefined;
  }
  const password = context.environment[passwordEnv];
  if (password !== undefined && password !== '') return password;
  // Its name is not repeated: somebody may have put the password there.
  throw usage(
    'the variable of --password-env is not set, or empty',
    'give the name of the variable, without $, and export it',
  );
}

async function readAuthFileLogin(file: string, host: string): Promise<UpstreamCredentials> {
  const { askCredentialHelper, findLogin, parseUpstreamHost } = await import('@portolan/mirror');
  const registry = parseUpstreamHost(host);
  for (const authFile of await readAuthFiles([file], true)) {
    const login = await findLogin(authFile, { host: registry }, askCredentialHelper);
    if (login !== undefined) return login;
  }
  throw usage(`${file} has no login for ${registry}`, `log in to ${registry} with it first`);
}

async function readLogin(
  context: CommandContext,
  options: CredentialOptions,
): Promise<UpstreamCredentials | undefined> {
  const { username } = options;
  const password = await readSecret(context, options);
  if (username === undefined && password === undefined) return undefined;
  if (username === undefined) {
    throw usage('a password was given, and no user name', 'name the user with --username');
  }
  if (password === undefined) {
    const hint = 'give it with --password-stdin, --password-file or --password-env';
    throw usage('a user name was given, and no password', hint);
  }
  return { kind: 'basic', username, password };
}

/** A helper that knows nothing is found out now, and not by the first sync at night. */
async function checkHelper(name: string, host: string): Promise<void> {
  const { askCredentialHelper, findHelperLogin, parseUpstreamHost } = await import(
    '@portolan/mirror'
  );
  const registry = parseUpstreamHost(host);
  if ((await findHelperLogin(name, registry, askCredentialHelper)) !== undefined) return;
  throw usage(`the credential helper ${name} has no login for ${registry}`, 'log in with it first');
}

/** Undefined leaves a setting as it is, null takes it away. */
export async function readCredentialChanges(
  context: CommandContext,
  host: string,
  options: CredentialOptions,
): Promise<CredentialChanges> {
  const { credentials, authfile, credentialHelper } = options;
  if (!credentials) return { credentials: null };
  if (credentialHelper !== undefined) {
    await checkHelper(credentialHelper, host);
    return { credentialHelper };
  }
  if (authfile !== undefined) return { credentials: await readAuthFileLogin(authfile, host) };
  if (options.identityTokenStdin === true || options.registryTokenStdin === true) {
    const token = (await readSecret(context, { passwordStdin: true })) ?? '';
    const kind = options.identityTokenStdin === true ? 'identity-token' : 'registry-token';
    return { credentials: { kind, token } };
  }
  const login = await readLogin(context, options);
  return login === undefined ? {} : { credentials: login };
}

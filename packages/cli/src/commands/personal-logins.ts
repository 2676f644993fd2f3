// A person's own logins for a run that this person starts: only when asked for, only for upstreams that
// have no credentials of their own, and never kept. The scheduled job knows nothing of them.
import type { Upstreams } from '@portolan/mirror';
import { type Command, Option } from 'commander';
import { findContainerFiles } from '../config/container-files.ts';
import type { CommandContext } from './context.ts';
import { loginHostOf } from './login-host.ts';
import { readAuthFiles } from './registry-logins.ts';
import type { WrapUpstreams } from './with-mirror.ts';

export interface LoginOptions {
  readonly authfile?: string;
  readonly useLogins?: true;
}

export function addLoginOptions(command: Command): Command {
  return command
    .addOption(
      new Option(
        '--authfile <file>',
        'use the logins of this auth.json where an upstream has none of its own',
      ).conflicts('useLogins'),
    )
    .option('--use-logins', 'the same, with your own auth.json (REGISTRY_AUTH_FILE)');
}

/**
 * The files are read at once, so that a mistake in one ends the command before it begins.
 * @throws DomainError `request-invalid`
 */
export async function withPersonalLogins(
  { environment }: CommandContext,
  { authfile, useLogins }: LoginOptions,
): Promise<WrapUpstreams> {
  if (authfile === undefined && useLogins === undefined) return (upstreams) => upstreams;
  const known = findContainerFiles(environment, process.getuid?.());
  const files = authfile === undefined ? known.authFiles : [authfile];
  const isNamed = authfile !== undefined || known.isAuthFileNamed;
  const logins = await readAuthFiles(files, isNamed);
  return (upstreams): Upstreams => ({
    ...upstreams,
    async settingsOf(host) {
      const settings = await upstreams.settingsOf(host);
      const loginHost = loginHostOf(settings);
      if (settings.credentials !== undefined || loginHost === undefined) return settings;
      const { askCredentialHelper, findLogin } = await import('@portolan/mirror');
      for (const file of logins) {
        const credentials = await findLogin(file, { host: loginHost }, askCredentialHelper);
        if (credentials !== undefined) return { ...settings, credentials };
      }
      return settings;
    },
  });
}

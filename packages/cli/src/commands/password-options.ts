// Where a password comes from. Never from the command line itself: that stands in the process list
// and in the shell's history.
import type { PasswordChoice } from '@portolan/auth';
import { DomainError } from '@portolan/oci';
import { type Command, Option } from 'commander';
import { readFile } from 'node:fs/promises';
import { readFailure } from '../terminal/file-failure.ts';
import type { CommandContext } from './context.ts';

export interface PasswordOptions {
  readonly passwordStdin?: true;
  readonly passwordFile?: string;
}

export function addPasswordOptions(command: Command): Command {
  return command
    .addOption(
      new Option('--password-stdin', 'read the password from standard input').conflicts(
        'passwordFile',
      ),
    )
    .option('--password-file <file>', 'read the password from a file');
}

async function readPasswordFile(file: string): Promise<string> {
  try {
    return await readFile(file, 'utf8');
  } catch (cause) {
    const { message, hint } = readFailure(file, cause, {
      refused: 'Or let your shell read it: --password-stdin <FILE',
    });
    throw new DomainError('password-unreadable', message, { hint }, { cause });
  }
}

/** Undefined when neither option is there. One line break at the end belongs to `echo`, not to it. */
export async function readPassword(
  context: CommandContext,
  { passwordStdin, passwordFile }: PasswordOptions,
): Promise<PasswordChoice | undefined> {
  if (passwordStdin === undefined && passwordFile === undefined) return undefined;
  const text =
    passwordFile === undefined ? await context.readStdin() : await readPasswordFile(passwordFile);
  return { kind: 'given', password: text.replace(/\r?\n$/, '') };
}

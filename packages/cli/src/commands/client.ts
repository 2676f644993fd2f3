// `portolan client`: the engines that pull from here.
import type { Command } from 'commander';
import { registerClientCheck } from './client-check.ts';
import { registerClientConfig } from './client-config.ts';
import type { CommandContext } from './context.ts';

export function registerClient(program: Command, context: CommandContext): void {
  const client = program
    .command('client')
    .description('Configure engines to pull from here, and see what they would get');
  registerClientConfig(client, context);
  registerClientCheck(client, context);
}

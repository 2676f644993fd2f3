import type { Command } from 'commander';
import { VERSION } from '../version.ts';
import type { CommandContext } from './context.ts';

export function registerVersion(program: Command, context: CommandContext): void {
  program
    .command('version')
    .description('Print the versions of Portolan and of Node')
    .action(() => {
      context.output.record({ portolan: VERSION, node: process.versions.node });
    });
}

// `portolan serve` and its two halves, `serve registry` and `serve auth`.
import type { Command } from 'commander';
import type { ServeRole } from '../config/serve-settings.ts';
import type { GlobalOptions } from './global-options.ts';

export function registerServe(program: Command): void {
  const run = async (role: ServeRole): Promise<void> => {
    const { serve } = await import('../serve/serve.ts');
    await serve(role, program.opts<GlobalOptions>());
  };
  const serve = program
    .command('serve')
    .description('Run the registry and its token service on one address')
    .action(() => run('all'));
  serve
    .command('registry')
    .description('Run the registry alone')
    .action(() => run('registry'));
  serve
    .command('auth')
    .description('Run the token service alone')
    .action(() => run('auth'));
}

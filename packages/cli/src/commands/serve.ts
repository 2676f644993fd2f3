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
    .option('--bundle <directory>', 'serve a bundle as it lies there, for reading alone')
    .action(async ({ bundle }: { bundle?: string }) => {
      if (bundle === undefined) return run('all');
      const { serveBundle } = await import('../serve/serve-bundle.ts');
      return serveBundle(bundle, program.opts<GlobalOptions>());
    });
  serve
    .command('registry')
    .description('Run the registry alone')
    .action(() => run('registry'));
  serve
    .command('auth')
    .description('Run the token service alone')
    .action(() => run('auth'));
}

// The options that every command takes, before or after its name.
import { type Command, Option } from 'commander';
import type { OutputFormat } from '../terminal/output.ts';

export interface GlobalOptions {
  readonly dataDir?: string;
  readonly config?: string;
  readonly output: OutputFormat;
  readonly debug?: true;
}

export function addGlobalOptions(program: Command): Command {
  return program
    .option('--data-dir <path>', 'data directory (PORTOLAN_DATA_DIR)')
    .option('--config <file>', 'YAML file with settings (PORTOLAN_CONFIG)')
    .addOption(
      new Option('--output <format>', 'how to print answers')
        .choices(['table', 'json'])
        .default('table'),
    )
    .option('--debug', 'print stack traces');
}

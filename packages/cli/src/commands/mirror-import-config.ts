// `portolan mirror import-config`: rules from the files of skopeo, regsync and lstags, as our own rules
// file on stdout, or made at once. What could not be taken over is said, and is exit code 1.
import type { ImportedConfig, RequestedRule } from '@portolan/mirror';
import { DomainError } from '@portolan/oci';
import type { Command } from 'commander';
import { readFile } from 'node:fs/promises';
import { EXIT } from '../terminal/exit-codes.ts';
import { CommandFailure } from '../terminal/explain-failure.ts';
import type { CommandContext } from './context.ts';

/** As `mirror apply` does it. */
export type ApplyRules = (rules: readonly RequestedRule[]) => Promise<void>;

async function readText(file: string): Promise<string> {
  try {
    return await readFile(file, 'utf8');
  } catch (cause) {
    const hint = 'check the name and that you may read it';
    throw new DomainError('request-invalid', `cannot read ${file}`, { hint }, { cause });
  }
}

function refuseEmpty(file: string, { rules, problems }: ImportedConfig): void {
  if (rules.length > 0) return;
  const reasons = problems.map((problem) => `\n  ${problem}`).join('');
  throw new DomainError('request-invalid', `${file} gives no rules:${reasons}`);
}

export function registerImportConfig(
  mirror: Command,
  context: CommandContext,
  apply: ApplyRules,
): void {
  mirror
    .command('import-config <file>')
    .description("Print the rules that a file of skopeo's, regsync's or lstags' means")
    .option('--apply', 'make the rules at once')
    .action(async (file: string, options: { readonly apply?: true }) => {
      const { importConfig, parseRulesFile } = await import('@portolan/mirror');
      const { stringify } = await import('yaml');
      const imported = importConfig(await readText(file));
      refuseEmpty(file, imported);
      const { format, rules, problems } = imported;
      const text = stringify(rules);
      // Whatever is printed can be applied.
      const requested = parseRulesFile(text);
      if (options.apply === true) await apply(requested);
      else context.output.text(`# From ${format}'s ${file.replaceAll(/\s/g, ' ')}\n${text}`);
      if (problems.length === 0) return;
      for (const problem of problems) context.output.note(problem);
      throw new CommandFailure('not everything could be taken over', EXIT.failed);
    });
}

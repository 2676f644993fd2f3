// `portolan mirror status|log`: how the rules stand, and what their runs have come to.
import type { Command } from 'commander';
import type { CommandContext } from './context.ts';
import { parseCount, SELECTORS } from './mirror-rule-options.ts';
import {
  LOG_COLUMNS,
  logNotes,
  logRow,
  STATUS_COLUMNS,
  statusNotes,
  statusRow,
  TAG_COLUMNS,
  tagRow,
} from './mirror-status-report.ts';
import { withStores } from './with-accounts.ts';
import { findRules } from './with-mirror.ts';

const LOG_IS_GONE = ' A rule that was removed has taken its log along.';

async function showStatus(
  context: CommandContext,
  selectors: readonly string[],
  { tags: showsTags }: { tags?: true },
): Promise<void> {
  const { narrowingOf } = await import('@portolan/mirror');
  await withStores(context, async (storage) => {
    const rows: Readonly<Record<string, unknown>>[] = [];
    const notes: string[] = [];
    const { rules, selector } = await findRules(storage, selectors);
    for (const rule of rules) {
      const tags = await storage.mirrorTags.list(rule.id);
      const [run] = await storage.mirrorRuns.list(rule.id, 1);
      if (showsTags) {
        const isMeant = narrowingOf(rule, selector) ?? (() => true);
        const meant = tags.filter(({ name }) => isMeant({ tag: name }));
        rows.push(...meant.map((tag) => tagRow(rule, tag)));
      } else {
        rows.push(statusRow(rule, tags, run));
        notes.push(...statusNotes(rule, tags, run));
      }
    }
    context.output.rows(rows, showsTags ? TAG_COLUMNS : STATUS_COLUMNS);
    for (const note of notes) context.output.note(note);
  });
}

async function showLog(
  context: CommandContext,
  selectors: readonly string[],
  { limit }: { limit: number },
): Promise<void> {
  await withStores(context, async (storage) => {
    const found = [];
    const { rules } = await findRules(storage, selectors, LOG_IS_GONE);
    for (const rule of rules) {
      const runs = await storage.mirrorRuns.list(rule.id, limit);
      found.push(...runs.map((run) => ({ rule, run })));
    }
    found.sort((a, b) => b.run.startedAt - a.run.startedAt || b.run.id - a.run.id);
    const shown = found.slice(0, limit);
    context.output.rows(
      shown.map(({ rule, run }) => logRow(rule, run)),
      LOG_COLUMNS,
    );
    for (const { rule, run } of shown) {
      for (const note of logNotes(rule, run)) context.output.note(note);
    }
  });
}

export function registerMirrorStatus(mirror: Command, context: CommandContext): void {
  mirror
    .command(`status ${SELECTORS}`)
    .description('Show how the rules stand')
    .option('--tags', 'show what was seen of each tag')
    .action((selectors: readonly string[], options: { tags?: true }) =>
      showStatus(context, selectors, options),
    );
  mirror
    .command(`log ${SELECTORS}`)
    .description('Show the runs, newest first')
    .option('--limit <number>', 'so many', parseCount, 20)
    .action((selectors: readonly string[], options: { limit: number }) =>
      showLog(context, selectors, options),
    );
}

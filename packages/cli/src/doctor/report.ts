// The findings as people read them: by topic with a sign each on a terminal, where what was skipped for one
// common reason is told once; a line each elsewhere.
import { counted } from '../terminal/counted.ts';
import { wrapped } from '../terminal/wrapped.ts';
import { type Finding, TOPICS, type Verdict } from './check.ts';
import type { CheckResult } from './run-checks.ts';

const SIGNS: Readonly<Record<Verdict, string>> = { ok: '✔', warn: '!', fail: '✘', skipped: '-' };
const NAME_WIDTH = 17;

function adviceLines({ meaning, remedy }: Finding, indent: string): string[] {
  return [
    ...(meaning === undefined ? [] : [`${indent}${meaning}`]),
    ...(remedy === undefined ? [] : [`${indent}→ ${remedy}`]),
  ];
}

/** Why it was skipped; settings that are wrong have a line for each. */
function reasonOf({ verdict, summary }: CheckResult): string | undefined {
  return verdict === 'skipped' ? summary.trim().split(/:?\n/)[0] : undefined;
}

/** The names of what was skipped, by the reason that they share. */
function gatherSkipped(results: readonly CheckResult[]): ReadonlyMap<string, readonly string[]> {
  const names = new Map<string, string[]>();
  for (const result of results) {
    const reason = reasonOf(result);
    if (reason === undefined) continue;
    names.set(reason, [...(names.get(reason) ?? []), result.name]);
  }
  return new Map([...names].filter(([, those]) => those.length > 1));
}

function gatheredLines(gathered: ReadonlyMap<string, readonly string[]>, width: number): string[] {
  const lines = [...gathered].flatMap(([reason, names]) => {
    const what = `${SIGNS.skipped} skipped ${counted(names.length, 'check')}: ${reason}`;
    return wrapped(`${what} (${names.join(', ')})`, width, '  ');
  });
  return lines.length === 0 ? [] : ['', ...lines];
}

export function formatForTerminal(results: readonly CheckResult[], width: number): string {
  const gathered = gatherSkipped(results);
  const single = results.filter((result) => !gathered.has(reasonOf(result) ?? ''));
  const lines = TOPICS.flatMap((topic) => {
    const found = single.filter((result) => result.topic === topic);
    if (found.length === 0) return [];
    return [
      '',
      topic,
      ...found.flatMap((result) => [
        `  ${SIGNS[result.verdict]} ${result.name.padEnd(NAME_WIDTH)} ${result.summary}`,
        ...adviceLines(result, ' '.repeat(NAME_WIDTH + 5)),
      ]),
    ];
  });
  return `${[...lines, ...gatheredLines(gathered, width)].slice(1).join('\n')}\n`;
}

/** For logs and pipes. */
export function formatPlain(results: readonly CheckResult[]): string {
  const lines = results.flatMap(({ name, verdict, summary, meaning, remedy }) => {
    const advice = [meaning, remedy].filter((text) => text !== undefined);
    return `${verdict} ${name}: ${[summary, ...advice].join('; ')}`;
  });
  return `${lines.join('\n')}\n`;
}

export function countVerdicts(results: readonly CheckResult[]): Readonly<Record<Verdict, number>> {
  const counts = { ok: 0, warn: 0, fail: 0, skipped: 0 };
  for (const { verdict } of results) counts[verdict]++;
  return counts;
}

// The findings as people read them: by topic with a sign each on a terminal, a line each elsewhere.
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

export function formatForTerminal(results: readonly CheckResult[]): string {
  const lines = TOPICS.flatMap((topic) => {
    const found = results.filter((result) => result.topic === topic);
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
  return `${lines.slice(1).join('\n')}\n`;
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

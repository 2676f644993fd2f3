// The figures as a Markdown table, ready for the README.
import { cpus } from 'node:os';
import type { Figure } from './row.ts';

/** Row → contender's name → figure in the row's unit. */
export type Figures = Map<Figure, Readonly<Record<string, number>>>;

export interface Column {
  readonly name: string;
  readonly version: string;
}

function number(figure: number | undefined): string {
  if (figure === undefined) return '–';
  return figure >= 100 ? Math.round(figure).toLocaleString('en') : figure.toFixed(1);
}

function ratio(row: Figure, theirs: number | undefined, ours: number | undefined): string {
  if (theirs === undefined || ours === undefined) return '–';
  const factor = row.better === 'more' ? ours / theirs : theirs / ours;
  return `${factor >= 10 ? Math.round(factor) : factor.toFixed(1)} ×`;
}

export function formatTable(figures: Figures, contenders: readonly Column[]): string {
  const [theirs, ours] = contenders;
  if (theirs === undefined || ours === undefined) return '';
  const head = [
    `Node ${process.versions.node}, ${theirs.name} ${theirs.version}, ${cpus().length} cores, load generator on the same machine.`,
    '',
    `| | unit | ${theirs.name} | ${ours.name} | better by | wanted |`,
    '|---|---|---|---|---|---|',
  ];
  const rows = [...figures].map(([row, figure]) => {
    const [a, b] = [figure[theirs.name], figure[ours.name]];
    const wanted = row.wanted === undefined ? '' : `${row.wanted} ×`;
    return `| ${row.name} | ${row.unit} | ${number(a)} | ${number(b)} | ${ratio(row, a, b)} | ${wanted} |`;
  });
  return [...head, ...rows].join('\n');
}

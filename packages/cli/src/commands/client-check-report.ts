// What `portolan client check` has found, on a terminal that its table does not fit: a block for each engine.
import { wrapped } from '../terminal/wrapped.ts';
import type { JudgedProbe } from '../clients/probe-verdict.ts';

/** As a row of the table has it; null where there is nothing. */
export interface CheckedRow {
  readonly engine: string;
  readonly shape: string;
  /** Method and URL. */
  readonly request: string | null;
  readonly status: number | null;
  readonly granted: readonly string[];
  readonly digest: string | null;
  readonly namespace: string | null;
  readonly verdict: JudgedProbe['verdict'];
  readonly reason: string | null;
}

const SIGNS: Readonly<Record<CheckedRow['verdict'], string>> = {
  ok: '✔',
  'would fall back to the upstream': '!',
  refused: '✘',
  'not possible': '-',
};

const INDENT = '    ';

function answerOf({ status, granted, digest, namespace }: CheckedRow): string | null {
  if (status === null) return null;
  const parts = [
    `status ${status}`,
    ...(granted.length === 0 ? [] : [`granted ${granted.join(', ')}`]),
    ...(namespace === null ? [] : [`namespace ${namespace}`]),
    ...(digest === null ? [] : [digest]),
  ];
  return parts.join(', ');
}

function shapeLines(row: CheckedRow, width: number): readonly string[] {
  const { shape, verdict, reason, request } = row;
  const why = reason === null ? '' : `: ${reason}`;
  const below = [request, answerOf(row)].filter((text) => text !== null);
  return [
    ...wrapped(`  ${SIGNS[verdict]} ${shape}: ${verdict}${why}`, width, `${INDENT}  `),
    ...below.flatMap((text) => wrapped(INDENT + text, width, `${INDENT}  `)),
  ];
}

export function formatChecked(rows: readonly CheckedRow[], width: number): string {
  const lines = [...Map.groupBy(rows, ({ engine }) => engine)].flatMap(([engine, shapes]) => [
    '',
    engine,
    ...shapes.flatMap((row) => shapeLines(row, width)),
  ]);
  return `${lines.slice(1).join('\n')}\n`;
}

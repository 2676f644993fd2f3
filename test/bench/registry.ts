// The same load on Debian's docker-registry and on Portolan, in turn, on this machine. Prints one row a
// figure with the ratio.
import { execFileSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { dockerRegistry } from './docker-registry.ts';
import { portolan } from './portolan.ts';
import { peakMemory } from './process-memory.ts';
import type { Bench, Row } from './row.ts';
import { MANY_TAGS, seedTags } from './rows/many-tags.ts';
import { MEMORY } from './rows/memory.ts';
import { PUSHES_ROWS } from './rows/pushes.ts';
import { READS } from './rows/reads.ts';
import { TOKENS } from './rows/tokens.ts';
import type { Contender } from './server.ts';
import { formatTable, type Figures } from './table.ts';

const SECONDS = 5;

type Wants = (row: Row) => boolean;

const WHOLE_RUN: Row = {
  name: 'peak memory over the whole run (default workers)',
  unit: 'MiB',
  better: 'less',
  measure: async () => 0,
};
const START_UP: Row = {
  name: 'start-up beside 100,000 tags',
  unit: 'ms',
  better: 'less',
  measure: async () => 0,
};

async function measureRows(bench: Bench, rows: readonly Row[], figures: Figures): Promise<void> {
  for (const row of rows) {
    if (row.onlyOurs === true && bench.contender.name !== 'portolan') continue;
    // What a row or a contender before it has left for the disk to do is not this one's.
    execFileSync('sync');
    const figure = await row.measure(bench);
    figures.set(row, { ...figures.get(row), [bench.contender.name]: figure });
    console.error(`${bench.contender.name}: ${row.name}: ${figure.toFixed(1)} ${row.unit}`);
  }
}

interface Run {
  readonly scratch: string;
  readonly figures: Figures;
  readonly wants: Wants;
}

async function measure(contender: Contender, { scratch, figures, wants }: Run): Promise<void> {
  const directory = path.join(scratch, contender.name);
  mkdirSync(directory, { recursive: true });
  const note = (row: Row, figure: number): void => {
    figures.set(row, { ...figures.get(row), [contender.name]: figure });
  };
  const server = await contender.start(directory);
  const bench: Bench = { contender, server, seconds: SECONDS, scratch: directory };
  const manyTags = MANY_TAGS.filter(wants);
  const wantsTags = manyTags.length > 0 || wants(START_UP);
  try {
    const peak = await peakMemory(server.pid, async () => {
      await measureRows(bench, [...READS, ...PUSHES_ROWS, ...TOKENS].filter(wants), figures);
      if (wantsTags) await seedTags(bench);
      await measureRows(bench, manyTags, figures);
    });
    if (wants(WHOLE_RUN)) note(WHOLE_RUN, peak / 2 ** 20);
  } finally {
    await server.stop();
  }
  if (wants(START_UP)) {
    const again = await contender.start(directory);
    await again.stop();
    note(START_UP, again.startMs);
  }
  await measureRows(bench, MEMORY.filter(wants), figures);
}

/** `words` select rows by name; none takes all. */
export async function benchRegistry(words: readonly string[]): Promise<void> {
  const wants: Wants = (row) => words.length === 0 || words.some((word) => row.name.includes(word));
  const scratch = mkdtempSync(path.join(tmpdir(), 'portolan-bench-'));
  const figures: Figures = new Map();
  const contenders = [dockerRegistry(), portolan()];
  try {
    for (const contender of contenders) await measure(contender, { scratch, figures, wants });
    console.log(formatTable(figures, contenders));
  } finally {
    rmSync(scratch, { recursive: true, force: true });
  }
}

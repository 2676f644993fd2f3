// The history of mirror runs.
import type { Selectable } from 'kysely';
import type { Schema } from '../database/schema.ts';
import { storageError } from '../errors.ts';
import type { StoreDeps } from '../store-deps.ts';

export type MirrorRunOutcome = 'running' | 'ok' | 'partial' | 'failed' | 'limited';

export interface MirrorRun {
  readonly id: number;
  readonly ruleId: number;
  readonly startedAt: number;
  readonly endedAt: number | undefined;
  readonly outcome: MirrorRunOutcome;
  /** Counts, bytes, errors by tag. */
  readonly summary: Readonly<Record<string, unknown>>;
}

/** When a rule last had everything it names. */
export interface LastSuccess {
  readonly destination: string;
  readonly endedAt: number;
}

export interface MirrorRunStore {
  start(ruleId: number): Promise<MirrorRun>;
  /** @throws StorageError `not-found` */
  finish(
    id: number,
    outcome: Exclude<MirrorRunOutcome, 'running'>,
    summary: Readonly<Record<string, unknown>>,
  ): Promise<void>;
  /** Newest first. */
  list(ruleId: number, limit: number): Promise<readonly MirrorRun[]>;
  /** Of each rule that ever had one, by destination. */
  lastSuccesses(limit: number): Promise<readonly LastSuccess[]>;
}

// Of a rule; a run an hour fills them in six weeks.
const KEPT_RUNS = 1000;

function toRun(row: Selectable<Schema['mirror_run']>): MirrorRun {
  return {
    id: row.id,
    ruleId: row.rule_id,
    startedAt: row.started_at,
    endedAt: row.ended_at ?? undefined,
    outcome: row.outcome,
    summary: JSON.parse(row.summary) as MirrorRun['summary'],
  };
}

async function startRun({ database, clock }: StoreDeps, ruleId: number): Promise<MirrorRun> {
  return await database.write(async (tx) => {
    const row = await tx
      .insertInto('mirror_run')
      .values({
        rule_id: ruleId,
        started_at: clock(),
        ended_at: null,
        outcome: 'running',
        summary: '{}',
      })
      .returningAll()
      .executeTakeFirstOrThrow();
    const oldest = tx
      .selectFrom('mirror_run')
      .select('id')
      .where('rule_id', '=', ruleId)
      .orderBy('id', 'desc')
      .limit(1)
      .offset(KEPT_RUNS);
    await tx
      .deleteFrom('mirror_run')
      .where('rule_id', '=', ruleId)
      .where('id', '<=', oldest)
      .execute();
    return toRun(row);
  });
}

async function lastSuccesses(
  { database }: StoreDeps,
  limit: number,
): Promise<readonly LastSuccess[]> {
  return await database.read
    .selectFrom('mirror_run')
    .innerJoin('mirror_rule', 'mirror_rule.id', 'mirror_run.rule_id')
    .select(({ fn }) => ['mirror_rule.destination', fn.max('mirror_run.ended_at').as('endedAt')])
    .where('mirror_run.outcome', '=', 'ok')
    .where('mirror_run.ended_at', 'is not', null)
    .groupBy('mirror_rule.destination')
    .orderBy('mirror_rule.destination')
    .limit(limit)
    .$narrowType<{ endedAt: number }>()
    .execute();
}

export function createMirrorRunStore(deps: StoreDeps): MirrorRunStore {
  const { database, clock } = deps;
  return {
    start: (ruleId) => startRun(deps, ruleId),
    finish: (id, outcome, summary) =>
      database.write(async (tx) => {
        const { numUpdatedRows } = await tx
          .updateTable('mirror_run')
          .set({ ended_at: clock(), outcome, summary: JSON.stringify(summary) })
          .where('id', '=', id)
          .executeTakeFirst();
        if (numUpdatedRows > 0n) return;
        throw storageError('not-found', 'there is no such run', { kind: 'mirror run', id });
      }),
    lastSuccesses: (limit) => lastSuccesses(deps, limit),
    async list(ruleId, limit) {
      const rows = await database.read
        .selectFrom('mirror_run')
        .selectAll()
        .where('rule_id', '=', ruleId)
        .orderBy('id', 'desc')
        .limit(limit)
        .execute();
      return rows.map(toRun);
    },
  };
}

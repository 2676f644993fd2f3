// What was seen of the tags of a mirrored repository.
import type { Digest, Tag } from '@portolan/oci';
import type { Selectable } from 'kysely';
import type { Schema } from '../database/schema.ts';
import type { StoreDeps } from '../store-deps.ts';

export interface MirrorTag {
  readonly name: Tag;
  /** Digest at the upstream that was last copied; undefined before the first success. */
  readonly digest: Digest | undefined;
  readonly checkedAt: number;
  readonly changedAt: number | undefined;
  /** First time that the upstream no longer had it; undefined while it has. */
  readonly vanishedAt: number | undefined;
  readonly error: string | undefined;
}

export interface MirrorTagStore {
  list(ruleId: number): Promise<readonly MirrorTag[]>;
  /** Inserts or replaces; many in one transaction. */
  note(ruleId: number, tags: readonly MirrorTag[]): Promise<void>;
  forget(ruleId: number, names: readonly Tag[]): Promise<void>;
}

const ROWS_PER_INSERT = 500;

function toTag(row: Selectable<Schema['mirror_tag']>): MirrorTag {
  return {
    name: row.name as Tag,
    digest: row.digest === null ? undefined : (row.digest as Digest),
    checkedAt: row.checked_at,
    changedAt: row.changed_at ?? undefined,
    vanishedAt: row.vanished_at ?? undefined,
    error: row.error ?? undefined,
  };
}

function toRow(ruleId: number, tag: MirrorTag) {
  return {
    rule_id: ruleId,
    name: tag.name,
    digest: tag.digest ?? null,
    checked_at: tag.checkedAt,
    changed_at: tag.changedAt ?? null,
    vanished_at: tag.vanishedAt ?? null,
    error: tag.error ?? null,
  };
}

function chunksOf<T>(list: readonly T[]): T[][] {
  const chunks: T[][] = [];
  for (let start = 0; start < list.length; start += ROWS_PER_INSERT) {
    chunks.push(list.slice(start, start + ROWS_PER_INSERT));
  }
  return chunks;
}

export function createMirrorTagStore({ database }: StoreDeps): MirrorTagStore {
  return {
    async list(ruleId) {
      const rows = await database.read
        .selectFrom('mirror_tag')
        .selectAll()
        .where('rule_id', '=', ruleId)
        .orderBy('name')
        .execute();
      return rows.map(toTag);
    },
    note: (ruleId, tags) =>
      database.write(async (tx) => {
        for (const chunk of chunksOf(tags)) {
          await tx
            .insertInto('mirror_tag')
            .values(chunk.map((tag) => toRow(ruleId, tag)))
            .onConflict((conflict) =>
              conflict.columns(['rule_id', 'name']).doUpdateSet((eb) => ({
                digest: eb.ref('excluded.digest'),
                checked_at: eb.ref('excluded.checked_at'),
                changed_at: eb.ref('excluded.changed_at'),
                vanished_at: eb.ref('excluded.vanished_at'),
                error: eb.ref('excluded.error'),
              })),
            )
            .execute();
        }
      }),
    forget: (ruleId, names) =>
      database.write(async (tx) => {
        for (const chunk of chunksOf(names)) {
          await tx
            .deleteFrom('mirror_tag')
            .where('rule_id', '=', ruleId)
            .where('name', 'in', chunk)
            .execute();
        }
      }),
  };
}

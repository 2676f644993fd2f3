// Which bundles were made here or taken in here.
import type { Selectable } from 'kysely';
import { recordAudit } from '../audit/record-audit.ts';
import type { Schema } from '../database/schema.ts';
import type { StoreDeps } from '../store-deps.ts';

/** A bundle that was made here or taken in here. */
export interface BundleRecord {
  readonly id: string;
  readonly direction: 'export' | 'import';
  /** When it was made (ms), on the side that made it. */
  readonly madeAt: number;
  readonly recordedAt: number;
  /** Its `bundle.json`. */
  readonly manifest: Readonly<Record<string, unknown>>;
}

export interface BundleStore {
  /** One that is recorded already, made or taken in again, is recorded anew. */
  record(bundle: Omit<BundleRecord, 'recordedAt'>, actor: string): Promise<void>;
  find(direction: 'export' | 'import', id: string): Promise<BundleRecord | undefined>;
  /** Newest first by `madeAt`. */
  list(direction: 'export' | 'import'): Promise<readonly BundleRecord[]>;
}

function toBundle(row: Selectable<Schema['bundle']>): BundleRecord {
  return {
    id: row.id,
    direction: row.direction,
    madeAt: row.made_at,
    recordedAt: row.recorded_at,
    manifest: JSON.parse(row.manifest) as BundleRecord['manifest'],
  };
}

export function createBundleStore({ database, clock }: StoreDeps): BundleStore {
  const select = () => database.read.selectFrom('bundle').selectAll();
  return {
    record: ({ id, direction, madeAt, manifest }, actor) =>
      database.write(async (tx) => {
        const at = clock();
        const facts = { made_at: madeAt, recorded_at: at, manifest: JSON.stringify(manifest) };
        await tx
          .insertInto('bundle')
          .values({ id, direction, ...facts })
          .onConflict((conflict) => conflict.columns(['direction', 'id']).doUpdateSet(facts))
          .execute();
        const action = `bundle.${direction}`;
        await recordAudit(tx, { at, actor, action, target: id, detail: { madeAt } });
      }),
    async find(direction, id) {
      const row = await select()
        .where('direction', '=', direction)
        .where('id', '=', id)
        .executeTakeFirst();
      return row && toBundle(row);
    },
    async list(direction) {
      const rows = await select()
        .where('direction', '=', direction)
        .orderBy('made_at', 'desc')
        .orderBy('id')
        .execute();
      return rows.map(toBundle);
    },
  };
}

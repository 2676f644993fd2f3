// Generation counters, with which caches in any process learn that a commit elsewhere concerns them
// (architecture, "Processes"): `access` moves when a right may have shrunk, `content` when a tag has
// moved or something that could be read is gone.
import { sql } from 'kysely';
import type { Database } from './database.ts';
import type { Writer } from './transaction.ts';

export interface GenerationCounters {
  readonly access: number;
  readonly content: number;
}

export interface Generations {
  /** The counters as of the last commit of anybody. About 1 µs while nobody commits. */
  current(): Promise<GenerationCounters>;
}

export function createGenerations(database: Database): Generations {
  let seenVersion = -1;
  let counters: GenerationCounters = { access: 0, content: 0 };
  return {
    async current() {
      const version = database.dataVersion();
      if (version === seenVersion) return counters;
      const row = await database.read
        .selectFrom('generation')
        .select(['access', 'content'])
        .executeTakeFirstOrThrow();
      seenVersion = version;
      if (row.access !== counters.access || row.content !== counters.content) counters = row;
      return counters;
    },
  };
}

/** Part of any transaction that may shrink a right. */
export async function bumpAccess(tx: Writer): Promise<void> {
  await tx.updateTable('generation').set({ access: sql`access + 1` }).execute();
}

/** Part of any transaction that moves a tag or makes something unreadable. */
export async function bumpContent(tx: Writer): Promise<void> {
  await tx.updateTable('generation').set({ content: sql`content + 1` }).execute();
}

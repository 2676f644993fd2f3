// Failed logins, counted by account and by source. A count that nothing has added to for a day is
// forgotten, so that strangers cannot fill the table for ever.
import type { StoreDeps } from '../store-deps.ts';

/** Back-off state of logins; rows, since any worker may see the next attempt. */
export interface LoginFailureStore {
  /** The latest `blocked_until` of the given keys, 0 when none is blocked. */
  blockedUntil(keys: readonly string[]): Promise<number>;
  /** Counts a failure under the key and blocks it for `backoffMs(failures)`. */
  recordFailure(key: string, backoffMs: (failures: number) => number): Promise<void>;
  clear(keys: readonly string[]): Promise<void>;
  /** Which of the keys have failures. */
  counted(keys: readonly string[]): Promise<readonly string[]>;
}

const FORGET_AFTER_MS = 24 * 3600 * 1000;
const PRUNE_EVERY_MS = 10 * 60 * 1000;

async function recordFailure(
  { database, clock }: StoreDeps,
  key: string,
  backoffMs: (failures: number) => number,
): Promise<void> {
  // Losing the last counts at a power cut helps nobody; a sync for every wrong guess would.
  await database.write(async (tx) => {
    const now = clock();
    const known = await tx
      .selectFrom('login_failure')
      .select('failures')
      .where('key', '=', key)
      .where('updated_at', '>', now - FORGET_AFTER_MS)
      .executeTakeFirst();
    const failures = (known?.failures ?? 0) + 1;
    const counted = { failures, blocked_until: now + backoffMs(failures), updated_at: now };
    await tx
      .insertInto('login_failure')
      .values({ key, ...counted })
      .onConflict((conflict) => conflict.column('key').doUpdateSet(counted))
      .execute();
  }, 'soft');
}

async function prune({ database, clock }: StoreDeps): Promise<void> {
  await database.write(async (tx) => {
    await tx
      .deleteFrom('login_failure')
      .where('updated_at', '<=', clock() - FORGET_AFTER_MS)
      .execute();
  }, 'soft');
}

async function clear({ database }: StoreDeps, keys: readonly string[]): Promise<void> {
  if (keys.length === 0) return;
  // Nearly every login has nothing to clear, and then need not wait for the write lock.
  const known = await database.read
    .selectFrom('login_failure')
    .select('key')
    .where('key', 'in', keys)
    .executeTakeFirst();
  if (known === undefined) return;
  await database.write(async (tx) => {
    await tx.deleteFrom('login_failure').where('key', 'in', keys).execute();
  }, 'soft');
}

export function createLoginFailureStore(deps: StoreDeps): LoginFailureStore {
  let prunedAt = 0;
  return {
    async blockedUntil(keys) {
      if (keys.length === 0) return 0;
      const row = await deps.database.read
        .selectFrom('login_failure')
        .select(({ fn }) => fn.max('blocked_until').as('until'))
        .where('key', 'in', keys)
        .where('blocked_until', '>', deps.clock())
        .executeTakeFirst();
      return row?.until ?? 0;
    },
    async recordFailure(key, backoffMs) {
      await recordFailure(deps, key, backoffMs);
      if (deps.clock() - prunedAt < PRUNE_EVERY_MS) return;
      prunedAt = deps.clock();
      await prune(deps);
    },
    clear: (keys) => clear(deps, keys),
    async counted(keys) {
      if (keys.length === 0) return [];
      const rows = await deps.database.read
        .selectFrom('login_failure')
        .select('key')
        .where('key', 'in', keys)
        .execute();
      return rows.map(({ key }) => key);
    },
  };
}

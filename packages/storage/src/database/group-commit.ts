// Group commit: transactions that come in while the event loop turns once, or while a commit is on
// its way to the disk, run one after the other as savepoints of one transaction, so that one flush of
// the disk serves all of them. A failing one rolls back to its own savepoint and harms no other.
import { type RawBuilder, sql } from 'kysely';
import type { ObserveStorage } from '../observation.ts';
import type { Writer } from './transaction.ts';
import { asDiskFull, type Durability, type SqliteHandles } from './sqlite.ts';

/** One caller's transaction. */
interface Unit {
  readonly durability: Durability;
  /** Rejects the caller and returns undefined when the work failed; else what resolves the caller. */
  run(tx: Writer): Promise<(() => void) | undefined>;
  /** Without effect on a caller who has been answered. */
  reject(error: unknown): void;
}

export type Write = <T>(work: (tx: Writer) => Promise<T>, durability?: Durability) => Promise<T>;

// Other processes wait for the write lock meanwhile; a unit takes well under a millisecond.
const MAX_UNITS = 64;

const SAVEPOINT: RawBuilder<unknown> = sql`SAVEPOINT unit`;
const RELEASE: RawBuilder<unknown> = sql`RELEASE unit`;
const ROLLBACK: RawBuilder<unknown> = sql`ROLLBACK TO unit`;

async function undo(tx: Writer, error: unknown): Promise<void> {
  try {
    await ROLLBACK.execute(tx);
    await RELEASE.execute(tx);
  } catch {
    // The whole transaction is gone (full disk, I/O error), and the units before with it.
    throw error;
  }
}

function unitOf<T>(
  work: (tx: Writer) => Promise<T>,
  durability: Durability,
  caller: { resolve(value: T): void; reject(error: unknown): void },
): Unit {
  return {
    durability,
    async run(tx) {
      await SAVEPOINT.execute(tx);
      try {
        const value = await work(tx);
        await RELEASE.execute(tx);
        return () => caller.resolve(value);
      } catch (error) {
        await undo(tx, error);
        caller.reject(asDiskFull(error));
        return undefined;
      }
    },
    reject: (error) => caller.reject(asDiskFull(error)),
  };
}

export function createGroupCommit(sqlite: SqliteHandles, observe?: ObserveStorage): Write {
  let waiting: Unit[] = [];
  let isRunning = false;

  async function commit(units: readonly Unit[]): Promise<void> {
    const isDurable = units.some((unit) => unit.durability === 'durable');
    const startedAt = performance.now();
    sqlite.setDurability(isDurable ? 'durable' : 'soft');
    try {
      const settlers = await sqlite.write.transaction().execute(async (tx) => {
        const done: ((() => void) | undefined)[] = [];
        for (const unit of units) done.push(await unit.run(tx));
        return done;
      });
      for (const settle of settlers) settle?.();
    } catch (error) {
      for (const unit of units) unit.reject(error);
    }
    observe?.({ kind: 'commit', durationMs: performance.now() - startedAt });
  }

  async function run(): Promise<void> {
    while (waiting.length > 0) {
      const units = waiting.slice(0, MAX_UNITS);
      waiting = waiting.slice(MAX_UNITS);
      await commit(units);
      // Lets the callers of this turn of the event loop come in before the next commit.
      if (waiting.length > 0) await new Promise((resolve) => setImmediate(resolve));
    }
    isRunning = false;
  }

  return <T>(work: (tx: Writer) => Promise<T>, durability: Durability = 'durable') =>
    new Promise<T>((resolve, reject) => {
      waiting.push(unitOf(work, durability, { resolve, reject }));
      if (isRunning) return;
      isRunning = true;
      setImmediate(() => void run());
    });
}

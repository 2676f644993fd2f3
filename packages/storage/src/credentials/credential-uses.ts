// Last uses of credentials, gathered in memory and written every few seconds in one transaction: a
// login must not wait for the disk to note that it happened (architecture, "Processes").
import type { Database } from '../database/database.ts';

interface Use {
  readonly usedAt: number;
  readonly expiresAt: number | undefined;
}

export interface CredentialUses {
  note(credentialId: number, use: Use): void;
  /** Writes what has been gathered. */
  flush(): Promise<void>;
  /** The last flush: what is noted later is lost. */
  close(): Promise<void>;
}

const FLUSH_AFTER_MS = 3000;

async function write(database: Database, uses: ReadonlyMap<number, Use>): Promise<void> {
  await database.write(async (tx) => {
    for (const [id, { usedAt, expiresAt }] of uses) {
      await tx
        .updateTable('credential')
        .set({
          last_used_at: usedAt,
          ...(expiresAt === undefined ? {} : { expires_at: expiresAt }),
        })
        .where('id', '=', id)
        // Another process may have noted a later use.
        .where((eb) => eb.or([eb('last_used_at', 'is', null), eb('last_used_at', '<', usedAt)]))
        .execute();
    }
  }, 'soft');
}

export function createCredentialUses(database: Database): CredentialUses {
  let gathered = new Map<number, Use>();
  let timer: NodeJS.Timeout | undefined;
  let isClosed = false;

  function schedule(): void {
    if (timer !== undefined || isClosed) return;
    // A failure (a busy database) has put the uses back and scheduled the next attempt.
    timer = setTimeout(() => void flush().catch(() => undefined), FLUSH_AFTER_MS);
    timer.unref();
  }

  async function flush(): Promise<void> {
    clearTimeout(timer);
    timer = undefined;
    if (gathered.size === 0) return;
    const uses = gathered;
    gathered = new Map();
    try {
      await write(database, uses);
    } catch (error) {
      gathered = new Map([...uses, ...gathered]);
      schedule();
      throw error;
    }
  }

  return {
    note(credentialId, use) {
      gathered.set(credentialId, use);
      schedule();
    },
    flush,
    async close() {
      isClosed = true;
      // A busy database costs a time of last use, and must not keep anything from closing.
      await flush().catch(() => undefined);
    },
  };
}

// One writer a session, across all processes: whoever writes has put its name into the row. A claim
// lapses unless bytes flow, so the session of a killed process is free again soon.
import type { Clock, RandomId } from '../clock.ts';
import type { Database } from '../database/database.ts';
import { storageError } from '../errors.ts';
import type { UploadRow } from './upload-rows.ts';
import type { Upload } from './upload.ts';

/** What is known of the session's content when its writer lets go of it. */
export interface UploadProgress {
  readonly offset: number;
  readonly digestSoFar: string;
}

export interface UploadClaim {
  readonly row: UploadRow;
  readonly writer: string;
  /** Before more bytes are written. @throws StorageError `upload-busy` when it lapsed and was taken over */
  renewIfDue(): Promise<void> | undefined;
  /** Keeps the claim while `work` goes on without bytes, such as a slow disk's sync. */
  hold<T>(work: Promise<T>): Promise<T>;
  /** @throws StorageError `upload-unknown` or `upload-busy` when it was cancelled or taken over */
  release(progress?: UploadProgress): Promise<void>;
}

export interface UploadClaims {
  /** @throws StorageError `upload-unknown`, `upload-busy` */
  claim(upload: Upload): Promise<UploadClaim>;
}

const CLAIM_MS = 30_000;
const RENEW_MS = 10_000;

export function uploadUnknown(): Error {
  return storageError('upload-unknown', 'there is no such upload session', {
    hint: 'begin a new upload',
  });
}

function uploadBusy(): Error {
  return storageError('upload-busy', 'another request is writing to this upload', {
    hint: 'ask for the status of the upload, then go on from its offset',
  });
}

export function createUploadClaims(deps: {
  readonly database: Database;
  readonly clock: Clock;
  readonly randomId: RandomId;
}): UploadClaims {
  const { database, clock, randomId } = deps;

  async function exists(id: string): Promise<boolean> {
    const rows = database.read.selectFrom('upload').select('id').where('id', '=', id);
    return (await rows.executeTakeFirst()) !== undefined;
  }

  function held(row: UploadRow, writer: string): UploadClaim {
    const mine = (now: number, set: Partial<UploadRow>) =>
      database.write(async (tx) => {
        const { numUpdatedRows } = await tx
          .updateTable('upload')
          .set({ ...set, updated_at: now })
          .where('id', '=', row.id)
          .where('writer', '=', writer)
          .executeTakeFirst();
        return numUpdatedRows > 0n;
      }, 'soft');
    let renewedAt = clock();

    async function renew(now: number): Promise<void> {
      if (!(await mine(now, { writer_until: now + CLAIM_MS }))) throw uploadBusy();
      renewedAt = now;
    }

    return {
      row,
      writer,
      renewIfDue() {
        const now = clock();
        return now - renewedAt >= RENEW_MS ? renew(now) : undefined;
      },
      async hold(work) {
        // Losing the claim shows in the transaction that ends it, which names the writer.
        const timer = setInterval(() => void renew(clock()).catch(() => undefined), RENEW_MS);
        try {
          return await work;
        } finally {
          clearInterval(timer);
        }
      },
      async release(progress) {
        const content =
          progress === undefined
            ? {}
            : { offset: progress.offset, digest_so_far: progress.digestSoFar };
        const isMine = await mine(clock(), { ...content, writer: null, writer_until: 0 });
        if (!isMine) throw (await exists(row.id)) ? uploadBusy() : uploadUnknown();
      },
    };
  }

  async function claim({ id, repository, subject }: Upload): Promise<UploadClaim> {
    const writer = `${process.pid}.${randomId()}`;
    const row = await database.write(async (tx) => {
      const now = clock();
      const own = await tx
        .selectFrom('upload')
        .selectAll()
        .where('id', '=', id)
        .where('repository', '=', repository)
        .where('subject', '=', subject)
        .executeTakeFirst();
      if (own === undefined) throw uploadUnknown();
      if (own.writer !== null && own.writer_until > now) throw uploadBusy();
      const until = now + CLAIM_MS;
      await tx
        .updateTable('upload')
        .set({ writer, writer_until: until })
        .where('id', '=', id)
        .execute();
      return own;
    }, 'soft');
    return held(row, writer);
  }

  return { claim };
}

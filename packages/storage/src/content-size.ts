// How much the store holds. The query reads every row of `blob`: ask now and then, not on a request.
import { sql } from 'kysely';
import type { Reader } from './database/transaction.ts';

export interface ContentSize {
  readonly blobs: number;
  /** Each blob once, however many repositories have it. */
  readonly blobBytes: number;
}

export async function measureContent(read: Reader): Promise<ContentSize> {
  return read
    .selectFrom('blob')
    .select(({ fn }) => [
      fn.countAll<number>().as('blobs'),
      sql<number>`COALESCE(SUM(size), 0)`.as('blobBytes'),
    ])
    .executeTakeFirstOrThrow();
}

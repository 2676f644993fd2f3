// Whether any repository still links a blob. The file outlives the row: it may only be removed when
// the row's deletion is on disk, for a row without its file would be a lost blob.
import type { Writer } from '../database/transaction.ts';

export interface RemovedFile {
  /** Path below the file's area. */
  readonly file: string;
  /** Bytes. */
  readonly size: number;
}

/** The file to remove after the commit; undefined when the blob is kept. */
export async function reviewBlob(tx: Writer, digest: string): Promise<RemovedFile | undefined> {
  return tx
    .deleteFrom('blob')
    .where('digest', '=', digest)
    .where((eb) =>
      eb.not(
        eb.exists(
          eb
            .selectFrom('repository_blob')
            .select('repository_blob.blob_id')
            .whereRef('repository_blob.blob_id', '=', 'blob.id'),
        ),
      ),
    )
    .returning(['file', 'size'])
    .executeTakeFirst();
}

// Upload sessions in which nothing has happened for long, and to which nobody is writing.
import type { StoreDeps } from '../store-deps.ts';
import type { RemovedFile } from './review-blob.ts';

const MAX_ROWS = 100;

/** The files to remove now that their rows are durably gone; none when nothing has expired. */
export async function removeExpiredUploads(deps: StoreDeps): Promise<readonly RemovedFile[]> {
  const { database, clock, times } = deps;
  const now = clock();
  const expired = await database.read
    .selectFrom('upload')
    .select('id')
    .where('updated_at', '<', now - times.uploadIdleMs)
    .where('writer_until', '<=', now)
    .limit(MAX_ROWS)
    .execute();
  if (expired.length === 0) return [];
  return database.write((tx) =>
    tx
      .deleteFrom('upload')
      .where(
        'id',
        'in',
        expired.map((upload) => upload.id),
      )
      // Again: a client may have come back in between.
      .where('updated_at', '<', now - times.uploadIdleMs)
      .where('writer_until', '<=', now)
      .returning(['file', 'offset as size'])
      .execute(),
  );
}

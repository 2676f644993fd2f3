// The end of an upload that becomes no blob.
import type { Database } from '../database/database.ts';
import { isStorageError } from '../errors.ts';
import type { BlobFiles } from '../files/blob-files.ts';
import type { UploadClaim } from './upload-claims.ts';

interface DiscardDeps {
  readonly database: Database;
  readonly files: BlobFiles;
}

/** False when somebody else has taken the session over, or cancelled it; they see to the file. */
async function deleteRow(
  { database }: DiscardDeps,
  { row, writer }: UploadClaim,
): Promise<boolean> {
  const { numDeletedRows } = await database.write(
    (tx) =>
      tx
        .deleteFrom('upload')
        .where('id', '=', row.id)
        .where('writer', '=', writer)
        .executeTakeFirst(),
    'soft',
  );
  return numDeletedRows > 0n;
}

async function isHeld({ database }: DiscardDeps, { row, writer }: UploadClaim): Promise<boolean> {
  const held = await database.read
    .selectFrom('upload')
    .select('id')
    .where('id', '=', row.id)
    .where('writer', '=', writer)
    .executeTakeFirst();
  return held !== undefined;
}

/** Ends a claimed session without a blob: the row, then the file. */
export async function discardUpload(deps: DiscardDeps, claim: UploadClaim): Promise<void> {
  const { file } = claim.row;
  try {
    if (await deleteRow(deps, claim)) await deps.files.remove('uploads', file);
  } catch (error) {
    if (!isStorageError(error, 'disk-full') || !(await isHeld(deps, claim))) throw error;
    // There is no space even for the row's end, but there is once these bytes have gone.
    await deps.files.remove('uploads', file);
    await deleteRow(deps, claim);
  }
}

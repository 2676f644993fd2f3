// Upload rows as the domain sees them, and their end.
import type { RepositoryName } from '@portolan/oci';
import type { Database } from '../database/database.ts';
import type { BlobFiles } from '../files/blob-files.ts';
import type { UploadClaim, UploadRow } from './upload-claims.ts';
import type { Upload } from './upload-store.ts';

export function toUpload(row: UploadRow): Upload {
  return {
    id: row.id,
    repository: row.repository as RepositoryName,
    subject: row.subject,
    algorithm: row.algorithm,
    offset: row.offset,
    createdAt: row.created_at,
  };
}

/** Ends a claimed session without a blob: the row, then the file. */
export async function discardUpload(
  deps: { readonly database: Database; readonly files: BlobFiles },
  { row, writer }: UploadClaim,
): Promise<void> {
  const { numDeletedRows } = await deps.database.write(
    (tx) =>
      tx
        .deleteFrom('upload')
        .where('id', '=', row.id)
        .where('writer', '=', writer)
        .executeTakeFirst(),
    'soft',
  );
  // Whoever took the session over, or cancelled it, sees to the file.
  if (numDeletedRows > 0n) await deps.files.remove('uploads', row.file);
}

// Upload rows as the domain sees them.
import type { RepositoryName } from '@portolan/oci';
import type { Selectable } from 'kysely';
import type { Schema } from '../database/schema.ts';
import type { Upload } from './upload.ts';

export type UploadRow = Selectable<Schema['upload']>;

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

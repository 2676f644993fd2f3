// Downloads that a later run can go on with.
import type { Digest, RepositoryName } from '@portolan/oci';
import type { StoreDeps } from '../store-deps.ts';

/** The upload session that holds the first part of a blob. */
export interface MirrorDownloadStore {
  find(repository: RepositoryName, digest: Digest): Promise<string | undefined>;
  set(repository: RepositoryName, digest: Digest, uploadId: string): Promise<void>;
  delete(repository: RepositoryName, digest: Digest): Promise<void>;
}

export function createMirrorDownloadStore({ database }: StoreDeps): MirrorDownloadStore {
  // What a power cut takes back costs a download, no more.
  const durability = 'soft';
  return {
    async find(repository, digest) {
      const row = await database.read
        .selectFrom('mirror_download')
        .select('upload_id')
        .where('repository', '=', repository)
        .where('digest', '=', digest)
        .executeTakeFirst();
      return row?.upload_id;
    },
    set: (repository, digest, uploadId) =>
      database.write(async (tx) => {
        // Sessions that nobody went on with have expired.
        await tx
          .deleteFrom('mirror_download')
          .where('upload_id', 'not in', tx.selectFrom('upload').select('id'))
          .execute();
        await tx
          .insertInto('mirror_download')
          .values({ repository, digest, upload_id: uploadId })
          .onConflict((conflict) =>
            conflict.columns(['repository', 'digest']).doUpdateSet({ upload_id: uploadId }),
          )
          .execute();
      }, durability),
    delete: (repository, digest) =>
      database.write(async (tx) => {
        await tx
          .deleteFrom('mirror_download')
          .where('repository', '=', repository)
          .where('digest', '=', digest)
          .execute();
      }, durability),
  };
}

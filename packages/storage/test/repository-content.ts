// A repository with one tagged manifest of one layer, as rows.
import type { Database } from '../src/database/database.ts';

const HEX = 64;

/** `sha256:aaa…` and the like; not the digest of anything. */
export function digestOf(letter: string): string {
  return `sha256:${letter.repeat(HEX)}`;
}

export async function addRepository(
  database: Database,
  namespaceId: number,
  name: string,
  layer: string,
): Promise<void> {
  await database.write(async (tx) => {
    const repository = await tx
      .insertInto('repository')
      .values({ name, namespace_id: namespaceId, created_at: 0 })
      .returning('id')
      .executeTakeFirstOrThrow();
    const repository_id = repository.id;
    await tx
      .insertInto('blob')
      .values({ digest: layer, size: 1, file: `${layer}.1`, created_at: 0 })
      .onConflict((conflict) => conflict.column('digest').doNothing())
      .execute();
    const blob = await tx
      .selectFrom('blob')
      .select('id')
      .where('digest', '=', layer)
      .executeTakeFirstOrThrow();
    await tx
      .insertInto('repository_blob')
      .values({ repository_id, blob_id: blob.id, lease_until: 0 })
      .execute();
    const manifest = await tx
      .insertInto('manifest')
      .values({
        repository_id,
        digest: digestOf('f'),
        media_type: 'application/vnd.oci.image.manifest.v1+json',
        artifact_type: null,
        subject_digest: null,
        annotations: '{}',
        size: 2,
        lease_until: 0,
        created_at: 0,
        body: Buffer.from('{}'),
      })
      .returning('id')
      .executeTakeFirstOrThrow();
    await tx
      .insertInto('manifest_reference')
      .values({ manifest_id: manifest.id, repository_id, digest: layer, kind: 'layer' })
      .execute();
    await tx
      .insertInto('tag')
      .values({ repository_id, name: 'latest', manifest_id: manifest.id, updated_at: 0 })
      .execute();
    await tx
      .insertInto('tag_history')
      .values({ repository_id, name: 'latest', digest: digestOf('f'), actor: 'a', at: 0 })
      .execute();
  });
}

// Manifests: their exact bytes and what they point at, in the database (reference §8.2).
import type { PutManifest } from './manifest-push.ts';
import type { StoredManifest } from './stored-manifest.ts';
import type { Digest, RepositoryName } from '@portolan/oci';
import { recordAudit } from '../audit/record-audit.ts';
import { bumpContent } from '../database/generations.ts';
import type { StoreDeps } from '../store-deps.ts';
import { createFindManifest } from './find-manifest.ts';
import { putManifest } from './put-manifest.ts';
import { removeManifest } from './remove-manifest.ts';

export interface ManifestStore {
  find(repository: RepositoryName, digest: Digest): Promise<StoredManifest | undefined>;
  /** Whether an index in the repository has it as its child, wherever the child is. */
  isChild(repository: RepositoryName, digest: Digest): Promise<boolean>;
  /**
   * One transaction: every required reference is there and linked, then the manifest, its references
   * and its tags. Makes the repository if it is new. The same bytes pushed again renew the lease; their
   * media type stays that of the first push, which matters only where the body does not state it.
   * @throws StorageError `manifest-reference-unknown` (detail.digests), `precondition-failed`,
   *   `access-withdrawn`, `mirror-only`
   */
  put(request: PutManifest): Promise<void>;
  /** Removes the manifest and every tag that points at it. False when it was not there. */
  delete(repository: RepositoryName, digest: Digest, actor: string): Promise<boolean>;
}

export function createManifestStore(deps: StoreDeps): ManifestStore {
  const { database, clock, times } = deps;
  return {
    find: createFindManifest(deps),
    async isChild(repository, digest) {
      const row = await database.read
        .selectFrom('repository')
        .innerJoin('manifest_reference', 'manifest_reference.repository_id', 'repository.id')
        .select('manifest_reference.manifest_id')
        .where('repository.name', '=', repository)
        .where('manifest_reference.digest', '=', digest)
        .where('manifest_reference.kind', '=', 'child')
        .limit(1)
        .executeTakeFirst();
      return row !== undefined;
    },
    put: (request) =>
      database.write((tx) => {
        const now = clock();
        return putManifest(tx, request, { now, leaseUntil: now + times.leaseMs });
      }),
    delete: (repository, digest, actor) =>
      database.write(async (tx) => {
        const row = await tx
          .selectFrom('repository')
          .innerJoin('manifest', 'manifest.repository_id', 'repository.id')
          .select(['manifest.id', 'repository.id as repositoryId'])
          .where('repository.name', '=', repository)
          .where('manifest.digest', '=', digest)
          .executeTakeFirst();
        if (row === undefined) return false;
        const at = clock();
        await removeManifest(tx, { ...row, digest }, { actor, at, leaseUntil: at + times.leaseMs });
        await bumpContent(tx);
        const target = `${repository}@${digest}`;
        await recordAudit(tx, { at, actor, action: 'manifest.delete', target, detail: {} });
        return true;
      }),
  };
}

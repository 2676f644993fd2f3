// A manifest PUT as one transaction (reference §4.5): the checks and what depends on them cannot be
// parted by a deletion or by collection, in whatever process those run.
import type { Digest, Manifest, ReferenceKind } from '@portolan/oci';
import type { PutManifest } from './manifest-push.ts';
import { dropReview } from '../collection/review-queue.ts';
import type { Writer } from '../database/transaction.ts';
import { bumpContent } from '../database/generations.ts';
import { ensureRepository } from '../repositories/ensure-repository.ts';
import { moveTag } from '../tags/move-tag.ts';
import { checkIfMatch } from './check-if-match.ts';
import { checkReferences } from './check-references.ts';

const ROWS_PER_INSERT = 500;

interface KeptReference {
  readonly kind: ReferenceKind;
  readonly digest: Digest;
}

function keptReferences({ references }: Manifest, asBlobs: ReadonlySet<string>): KeptReference[] {
  return references.map(({ kind, descriptor: { digest } }) => ({
    kind: asBlobs.has(digest) ? 'layer' : kind,
    digest,
  }));
}

async function insertReferences(
  tx: Writer,
  id: number,
  repositoryId: number,
  references: readonly KeptReference[],
) {
  // One layer may be named twice; the row says only that it is named.
  const rows = new Map(
    references.map(({ kind, digest }) => [
      `${kind} ${digest}`,
      { manifest_id: id, repository_id: repositoryId, digest, kind },
    ]),
  );
  const all = [...rows.values()];
  for (let start = 0; start < all.length; start += ROWS_PER_INSERT) {
    const values = all.slice(start, start + ROWS_PER_INSERT);
    await tx.insertInto('manifest_reference').values(values).execute();
  }
}

async function insertManifest(
  tx: Writer,
  repositoryId: number,
  put: PutManifest & { readonly kept: readonly KeptReference[] },
  times: { readonly now: number; readonly leaseUntil: number },
): Promise<number> {
  const { manifest } = put;
  const { id } = await tx
    .insertInto('manifest')
    .values({
      repository_id: repositoryId,
      digest: put.digest,
      media_type: manifest.mediaType,
      artifact_type: manifest.artifactType ?? null,
      subject_digest: manifest.subject?.digest ?? null,
      annotations: JSON.stringify(manifest.annotations),
      size: put.body.length,
      lease_until: times.leaseUntil,
      created_at: times.now,
      body: put.body,
    })
    .returning('id')
    .executeTakeFirstOrThrow();
  await insertReferences(tx, id, repositoryId, put.kept);
  return id;
}

/** The row is immutable: of two pushes of the same bytes only the lease of the later one counts. */
async function renewManifest(
  tx: Writer,
  repositoryId: number,
  digest: string,
  leaseUntil: number,
): Promise<number | undefined> {
  const known = await tx
    .updateTable('manifest')
    .set({ lease_until: leaseUntil })
    .where('repository_id', '=', repositoryId)
    .where('digest', '=', digest)
    .returning('id')
    .executeTakeFirst();
  return known?.id;
}

/** @throws StorageError as `ManifestStore.put` */
export async function putManifest(
  tx: Writer,
  put: PutManifest,
  times: { readonly now: number; readonly leaseUntil: number },
): Promise<void> {
  const { repository, digest, actor } = put;
  const repositoryId = await ensureRepository(tx, repository, times.now, put.right);
  if (put.ifMatch !== undefined) await checkIfMatch(tx, repository, put.ifMatch);
  const asBlobs = await checkReferences(tx, repositoryId, repository, put.manifest);
  const kept = keptReferences(put.manifest, asBlobs);
  const manifestId =
    (await renewManifest(tx, repositoryId, digest, times.leaseUntil)) ??
    (await insertManifest(tx, repositoryId, { ...put, kept }, times));
  // Pushed anew, it is no longer one that has lost its last tag or parent.
  await dropReview(tx, { kind: 'manifest', repositoryId, digest });
  const change = { actor, at: times.now, leaseUntil: times.leaseUntil };
  let hasMoved = false;
  for (const tag of put.tags) {
    const moved = await moveTag(tx, tag, { repositoryId, manifestId, digest }, change);
    hasMoved ||= moved;
  }
  if (hasMoved) await bumpContent(tx);
}

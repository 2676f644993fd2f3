// What an export would write: every manifest is read, so that the space is known before the first byte.
import type { Digest, Reference } from '@portolan/oci';
import { join } from 'node:path';
import { fileSize } from './bundle-files.ts';
import { checkExtent } from './document-limits.ts';
import { bytesOnDisk } from './free-space.ts';
import { blobFiles, countParts } from './layout.ts';
import { createLimitedHosts, type LimitedHosts } from './limited-hosts.ts';
import {
  addPlannedContent,
  countReferences,
  type PlannedContent,
  plannedFiles,
  startPlannedContent,
} from './planned-content.ts';
import { type ContentOptions, type ExportItem, findReferenceContent } from './reference-content.ts';
import { formatReferenceName } from './reference-name.ts';

export interface PlanOptions extends ContentOptions {
  readonly directory: string;
}

export interface FailedReference {
  readonly name: string;
  readonly error: unknown;
}

export interface PlannedItem extends ExportItem {
  /** Children of its indexes that the source lacks. */
  readonly omitted: ReadonlySet<Digest>;
}

export interface ExportPlan {
  readonly items: readonly PlannedItem[];
  readonly failed: readonly FailedReference[];
  /** How many are asked for; what is attached comes along with them. */
  readonly images: number;
  /** That the bundle will name. */
  readonly references: number;
  readonly manifests: number;
  readonly blobs: number;
  /** Of all that the bundle will hold. */
  readonly bytes: number;
  /** Left out, since the other side has them. */
  readonly knownBlobs: number;
  /** Of what is not on the disk yet. */
  readonly newBytes: number;
  /** The room that this takes there, in whole clusters. */
  readonly neededBytes: number;
}

interface ItemPlan {
  readonly planned: PlannedItem;
  readonly failed: readonly FailedReference[];
}

async function planItem(
  item: ExportItem,
  options: PlanOptions,
  content: PlannedContent,
  limited: LimitedHosts,
): Promise<ItemPlan> {
  const { repository, source } = item;
  const omitted = new Set<Digest>();
  const references: Reference[] = [];
  const failed: FailedReference[] = [];
  const seen = new Set<Digest>();
  for (const reference of item.references) {
    try {
      limited.check(source);
      const found = await findReferenceContent(item, reference, options, (one) => seen.has(one));
      addPlannedContent(content, repository, found);
      for (const digest of found.manifests.keys()) seen.add(digest);
      for (const digest of found.omitted) omitted.add(digest);
      references.push(reference);
    } catch (error) {
      options.signal.throwIfAborted();
      limited.note(source, error);
      failed.push({ name: formatReferenceName({ repository, reference }), error });
    }
  }
  return { planned: { ...item, references, omitted }, failed };
}

async function isOnDisk(
  { directory, maxFileSize }: PlanOptions,
  blob: { readonly digest: Digest; readonly size: number },
): Promise<boolean> {
  for (const { path, size } of blobFiles(blob, maxFileSize)) {
    if ((await fileSize(join(directory, path))) !== size) return false;
  }
  return true;
}

async function measure(
  options: PlanOptions,
  sizes: ReadonlyMap<Digest, number>,
): Promise<Pick<ExportPlan, 'newBytes' | 'neededBytes'>> {
  let [newBytes, neededBytes] = [0, 0];
  for (const [digest, size] of sizes) {
    if (await isOnDisk(options, { digest, size })) continue;
    newBytes += size;
    neededBytes += bytesOnDisk(size);
  }
  return { newBytes, neededBytes };
}

/**
 * References that cannot be had are listed as failed; the others go on.
 * @throws MirrorError `request-invalid` when it is more than a bundle can hold
 */
export async function planExport(
  items: readonly ExportItem[],
  options: PlanOptions,
): Promise<ExportPlan> {
  const limited = createLimitedHosts();
  const content = startPlannedContent();
  const planned: PlannedItem[] = [];
  const failed: FailedReference[] = [];
  for (const item of items) {
    const result = await planItem(item, options, content, limited);
    if (result.planned.references.length > 0) planned.push(result.planned);
    failed.push(...result.failed);
  }
  const files = plannedFiles(content);
  const references = countReferences(content);
  const omitted = planned.reduce((sum, item) => sum + item.omitted.size, 0);
  const known = [...content.known].filter((digest) => !files.has(digest)).length;
  const parts = [...files.values()].map((size) => countParts(size, options.maxFileSize));
  checkExtent(
    references + files.size + known + omitted,
    parts.reduce((sum, count) => sum + count, 0),
  );
  return {
    items: planned,
    failed,
    images: planned.reduce((sum, item) => sum + item.references.length, 0),
    references,
    manifests: content.manifests.size,
    blobs: files.size - content.manifests.size,
    bytes: [...files.values()].reduce((sum, size) => sum + size, 0),
    knownBlobs: known,
    ...(await measure(options, files)),
  };
}

// An export: plan, space, copy, finish. One image that cannot be had stops no other; a full disk stops all.
import { DomainError, type Reference } from '@portolan/oci';
import { forEachAtMost } from '../copy/at-most.ts';
import { createCopier } from '../copy/copy-image.ts';
import type { CopyProgress } from '../copy/copy-request.ts';
import { createBundleSink } from '../places/bundle-repository.ts';
import type { BundleDocument } from './bundle-document.ts';
import { type BundleWriter, createBundleWriter } from './bundle-writer.ts';
import {
  type ExportPlan,
  type FailedReference,
  type PlannedItem,
  planExport,
  type PlanOptions,
} from './export-plan.ts';
import { checkSpace } from './free-space.ts';
import { checkBundleDirectory } from './bundle-directory.ts';
import { createLimitedHosts } from './limited-hosts.ts';
import type { ExportItem } from './reference-content.ts';
import { formatReferenceName } from './reference-name.ts';
import { rememberManifests } from './remembering-source.ts';
import { checkPrivateKey } from './signature.ts';

export interface ExportDeps {
  readonly clock: () => number;
  readonly randomId: () => string;
  /** Program and version. */
  readonly tool: string;
}

export interface ExportProgress {
  planned(plan: ExportPlan): void;
  /** Of those that are planned; `copied` or `failed` ends it. */
  started(name: string): CopyProgress;
  /** @param bytes that have come onto the stick with it, and with no other */
  copied(name: string, bytes: number): void;
  failed(name: string, error: unknown): void;
}

export interface ExportRequest extends PlanOptions {
  readonly items: readonly ExportItem[];
  /** What could not even be found, to be listed with what cannot be copied. */
  readonly notFound: readonly FailedReference[];
  /** PEM; undefined leaves the bundle unsigned. */
  readonly privateKey: string | undefined;
  /** Refuses what an export would refuse, and writes nothing. */
  readonly isDryRun: boolean;
  readonly imagesAtOnce: number;
  readonly blobsAtOnce: number;
  readonly progress: ExportProgress;
}

export interface ExportResult {
  readonly plan: ExportPlan;
  /** Undefined when nothing was written: a dry run, or nothing could be had. */
  readonly document: BundleDocument | undefined;
  readonly failed: readonly FailedReference[];
}

interface Copy {
  readonly item: PlannedItem;
  readonly reference: Reference;
}

/** What ends the export and not only one image. */
function endsAll(error: unknown, signal: AbortSignal): boolean {
  if (signal.aborted) return true;
  if (error instanceof DomainError) return error.code === 'space-short';
  return error instanceof Error && 'code' in error;
}

async function copyAll(
  request: ExportRequest,
  writer: BundleWriter,
  plan: ExportPlan,
): Promise<FailedReference[]> {
  const { withReferrers, blobsAtOnce, signal, progress } = request;
  const copier = createCopier();
  const failed: FailedReference[] = [];
  const limited = createLimitedHosts();
  const copies = plan.items.flatMap((item) =>
    item.references.map((reference): Copy => ({ item, reference })),
  );
  const copyOne = async ({ item, reference }: Copy): Promise<void> => {
    const { repository, source, omitted, platforms, tagsAtSource } = item;
    const name = formatReferenceName({ repository, reference });
    let written = 0;
    const onWritten = (bytes: number): void => void (written += bytes);
    const sink = createBundleSink(writer, { repository, source: source.name, onWritten });
    try {
      limited.check(source);
      await copier.copy({
        source,
        sink,
        omitted,
        reference,
        tags: reference.kind === 'tag' ? [reference.tag] : [],
        platforms,
        withReferrers,
        ...(tagsAtSource === undefined ? {} : { tagsAtSource }),
        isThorough: true,
        blobsAtOnce,
        signal,
        progress: progress.started(name),
      });
      progress.copied(name, written);
    } catch (error) {
      if (endsAll(error, signal)) throw error;
      limited.note(source, error);
      failed.push({ name, error });
      progress.failed(name, error);
    }
  };
  await forEachAtMost(copies, request.imagesAtOnce, copyOne);
  return failed;
}

/**
 * Writes a bundle, or goes on with one.
 * @throws MirrorError `space-short`, `request-invalid`; what is wrong with one reference is listed
 */
export async function exportBundle(
  deps: ExportDeps,
  request: ExportRequest,
): Promise<ExportResult> {
  const { directory, maxFileSize, known, privateKey, progress } = request;
  if (privateKey !== undefined) checkPrivateKey(privateKey);
  await checkBundleDirectory(directory);
  const items = request.items.map((item) =>
    // Ours is read again as quickly as it would be remembered.
    item.mayBeSparse ? item : { ...item, source: rememberManifests(item.source) },
  );
  const planned = await planExport(items, request);
  const plan = { ...planned, failed: [...request.notFound, ...planned.failed] };
  for (const { name, error } of plan.failed) progress.failed(name, error);
  progress.planned(plan);
  const nothing = { plan, document: undefined, failed: plan.failed };
  if (plan.images === 0) return nothing;
  await checkSpace(directory, plan.neededBytes);
  if (request.isDryRun) return nothing;
  const writer = await createBundleWriter({ ...deps, directory, maxFileSize, known });
  const failed = [...plan.failed, ...(await copyAll(request, writer, plan))];
  const document = await writer.finish({ privateKey, keepsUnfinished: failed.length > 0 });
  return { plan, document, failed };
}

// One image of a rule: copied, noted, and its failure kept to itself.
import { DomainError } from '@portolan/oci';
import type { Copier } from '../copy/copy-image.ts';
import type { CopyRequest } from '../copy/copy-request.ts';
import type { HostWork } from './host-work.ts';
import { goneStatus, isFresh } from './known-tags.ts';
import type { RuleImage } from './rule-images.ts';
import { errorFacts, type ImageResult } from './run-report.ts';
import type { SyncProgress } from './sync-progress.ts';
import type { TagNotes } from './tag-notes.ts';

export interface ImageWork {
  readonly destination: string;
  readonly copier: Copier;
  readonly host: HostWork;
  readonly notes: TagNotes;
  /** What all images of the rule have in common. */
  readonly request: Omit<CopyRequest, 'reference' | 'tags' | 'progress'>;
  readonly progress: SyncProgress;
  /** Tags that were checked since then are left alone (ms). */
  readonly freshSince: number;
}

async function copy(work: ImageWork, { tag, reference }: RuleImage): Promise<ImageResult> {
  const { copier, notes, request, progress, destination } = work;
  const result = await copier.copy({
    ...request,
    reference,
    tags: [tag],
    progress: progress.imageStarted(destination, tag),
  });
  const { digest, bytes, isUnchanged } = result;
  if (isUnchanged) await notes.unchanged(tag, digest);
  else await notes.copied(tag, digest);
  return { tag, status: isUnchanged ? 'unchanged' : 'copied', digest, bytes };
}

/** The reference itself is gone, which is no failure of ours. */
async function isGone({ request }: ImageWork, { reference }: RuleImage): Promise<boolean> {
  const { source, signal } = request;
  try {
    return (await source.head(reference, signal)) === undefined;
  } catch {
    return false;
  }
}

async function fail(work: ImageWork, image: RuleImage, error: unknown): Promise<ImageResult> {
  const { notes, host } = work;
  const { tag } = image;
  if (!(error instanceof DomainError)) throw error;
  const facts = errorFacts(error);
  if (error.code === 'upstream-absent' && (await isGone(work, image))) {
    const status = goneStatus(notes.known(tag));
    if (status === 'vanished') await notes.vanished(tag);
    else await notes.failed(tag, facts.message);
    return { tag, status, ...(status === 'missing' ? { error: facts } : {}) };
  }
  host.failed(error);
  await notes.failed(tag, facts.message);
  return { tag, status: 'failed', error: facts };
}

/** @throws only what is no failure of the image: a bug, or the end of the run */
export async function syncImage(work: ImageWork, image: RuleImage): Promise<ImageResult> {
  const { host, request, notes } = work;
  if (isFresh(notes.known(image.tag), work.freshSince)) return { tag: image.tag, status: 'fresh' };
  return await host.slots(async () => {
    if (host.stop !== undefined || request.signal.aborted) {
      return { tag: image.tag, status: 'skipped' };
    }
    try {
      const result = await copy(work, image);
      host.succeeded();
      return result;
    } catch (error) {
      if (request.signal.aborted) return { tag: image.tag, status: 'skipped' };
      return await fail(work, image, error);
    }
  });
}

// What a run would do with each image. Heads tell what has moved; what a thorough run would bring below an
// unchanged tag is told by a copy that writes nothing, as is what all of it comes to in bytes.
import { DomainError, type Digest } from '@portolan/oci';
import { forEachAtMost } from '../copy/at-most.ts';
import type { Copier } from '../copy/copy-image.ts';
import { mirrorError } from '../errors.ts';
import type { SourceRepository } from '../places/place.ts';
import { parsePlatform } from '../selection/platform.ts';
import type { DrySink } from './dry-sink.ts';
import type { HostWork } from './host-work.ts';
import { findGone, goneStatus, isFresh } from './known-tags.ts';
import type { OpenedRule } from './open-rule.ts';
import type { RuleImage } from './rule-images.ts';
import { errorFacts } from './run-report.ts';
import { SILENT_COPY } from './sync-progress.ts';

export interface PlannedImage {
  readonly tag: string;
  readonly action: 'copy' | 'update' | 'unchanged' | 'missing' | 'vanished' | 'failed';
  readonly digest?: Digest;
  readonly error?: { readonly code: string; readonly message: string };
}

export interface ImagePlan extends OpenedRule {
  readonly sink: DrySink;
  readonly copier: Copier;
  readonly host: HostWork;
  readonly jobs: number;
  readonly signal: AbortSignal;
}

type Seen = ReadonlyMap<RuleImage, PlannedImage>;

export const isToCopy = ({ action }: PlannedImage): boolean =>
  action === 'copy' || action === 'update';

/** What is chosen by its digest does not move: no run asks for it once it is here. */
async function digestThere(plan: ImagePlan, { reference }: RuleImage, here: Digest | undefined) {
  if (reference.kind === 'digest' && reference.digest === here) return here;
  return (await plan.source.head(reference, plan.signal))?.digest;
}

async function look(plan: ImagePlan, image: RuleImage): Promise<PlannedImage> {
  const { sink, notes, signal } = plan;
  const { tag } = image;
  const known = notes.known(tag);
  if (isFresh(known, plan.freshSince)) return { tag, action: 'unchanged' };
  const here = (await sink.head({ kind: 'tag', tag }, signal))?.digest;
  const digest = await digestThere(plan, image, here);
  if (digest === undefined) return { tag, action: goneStatus(known) };
  if (here === digest) return { tag, action: 'unchanged', digest };
  return { tag, action: here === undefined ? 'copy' : 'update', digest };
}

/** @throws only what is no failure of the image */
async function lookSafely(plan: ImagePlan, image: RuleImage): Promise<PlannedImage> {
  const { host, signal } = plan;
  const { tag } = image;
  if (host.stop !== undefined) return { tag, action: 'failed', error: errorFacts(host.stop) };
  try {
    const planned = await look(plan, image);
    host.succeeded();
    return planned;
  } catch (error) {
    signal.throwIfAborted();
    if (!(error instanceof DomainError)) throw error;
    host.failed(error);
    return { tag, action: 'failed', error: errorFacts(error) };
  }
}

/** In the order of the rule's images. */
export async function lookAtAll(plan: ImagePlan): Promise<Seen> {
  const { images, jobs } = plan;
  const seen = new Map<RuleImage, PlannedImage>();
  await forEachAtMost(images.images, jobs, async (image) => {
    seen.set(image, await lookSafely(plan, image));
  });
  return new Map(
    images.images.flatMap((image) => {
      const planned = seen.get(image);
      return planned === undefined ? [] : [[image, planned] as const];
    }),
  );
}

/** What the rule's images are no more among, or never were. */
export function planGone({ images, notes, narrowing }: ImagePlan): PlannedImage[] {
  return findGone(images, notes, narrowing).map(({ tag, status }) => ({ tag, action: status }));
}

/** Tells nothing that costs a pull, and whether it was wanted. */
function withoutPulls(source: SourceRepository) {
  let isWanting = false;
  const quiet: SourceRepository = {
    ...source,
    manifest() {
      isWanting = true;
      throw mirrorError('upstream-limited', 'a plan reads no manifest here');
    },
    referrers: async () => [],
  };
  return { quiet, isWanting: () => isWanting };
}

interface DryCopy {
  readonly source: SourceRepository;
  readonly withReferrers: boolean;
}

async function copyDry(plan: ImagePlan, tag: RuleImage['tag'], digest: Digest, how: DryCopy) {
  const { settings, sink, images, copier, isThorough, signal } = plan;
  return await copier.copy({
    ...how,
    sink,
    reference: { kind: 'digest', digest },
    tags: [tag],
    platforms: settings.platforms?.map(parsePlatform),
    ...(images.all === undefined ? {} : { tagsAtSource: images.all }),
    isThorough,
    blobsAtOnce: 1,
    signal,
    progress: SILENT_COPY,
  });
}

type WithDigest = PlannedImage & { readonly digest: Digest };

/** As a run would bring it, with all manifests read. */
async function measure(plan: ImagePlan, { tag }: RuleImage, seen: WithDigest) {
  const { source, settings, host, signal } = plan;
  const how = { source, withReferrers: settings.referrers };
  try {
    const { isUnchanged } = await copyDry(plan, tag, seen.digest, how);
    host.succeeded();
    const isMore = seen.action === 'unchanged' && !isUnchanged;
    return isMore ? { ...seen, action: 'update' as const } : seen;
  } catch (error) {
    signal.throwIfAborted();
    if (!(error instanceof DomainError)) throw error;
    host.failed(error);
    // That it is to be copied is known all the same.
    if (host.stop !== undefined) return seen;
    return { tag, action: 'failed' as const, error: errorFacts(error) };
  }
}

/** Whether what is here is all that the rule wants of it; its signatures are not asked for. */
async function lookBelow(plan: ImagePlan, { tag }: RuleImage, seen: WithDigest) {
  const { quiet, isWanting } = withoutPulls(plan.source);
  try {
    const how = { source: quiet, withReferrers: false };
    const { isUnchanged } = await copyDry(plan, tag, seen.digest, how);
    return isUnchanged ? seen : { ...seen, action: 'update' as const };
  } catch (error) {
    plan.signal.throwIfAborted();
    if (isWanting()) return { ...seen, action: 'update' as const };
    if (!(error instanceof DomainError)) throw error;
    return { tag, action: 'failed' as const, error: errorFacts(error) };
  }
}

/** Those that fail are marked so: an image may break below its tag. */
export async function planBelow(plan: ImagePlan, seen: Seen, measures: boolean): Promise<Seen> {
  const planned = new Map(seen);
  // One by one: what two images share is then counted once.
  for (const [image, known] of seen) {
    const { digest } = known;
    if (plan.host.stop !== undefined) break;
    if (digest === undefined) continue;
    const isBelow = plan.isThorough && known.action === 'unchanged';
    const isMeasured = measures && (isBelow || isToCopy(known));
    if (isMeasured) planned.set(image, await measure(plan, image, { ...known, digest }));
    else if (isBelow) planned.set(image, await lookBelow(plan, image, { ...known, digest }));
  }
  return planned;
}

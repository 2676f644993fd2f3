// The work of `portolan sync`: each image from its place to its target, a few at once. Without
// `--keep-going` the first failure is the last one, as in skopeo; what had begun ends.
import type { Digest, Tag } from '@portolan/oci';
import {
  DOCKER_MANIFEST,
  DOCKER_MANIFEST_LIST,
  DomainError,
  OCI_INDEX,
  OCI_MANIFEST,
} from '@portolan/oci';
import { forEachAtMost } from '../copy/at-most.ts';
import { type Copier, createCopier } from '../copy/copy-image.ts';
import type { CopyProgress } from '../copy/copy-request.ts';
import type { Platform } from '../selection/platform.ts';
import { mirrorError } from '../errors.ts';
import type { SinkRepository } from '../places/place.ts';
import { chooseImage, type ChosenImage } from './choose-platform.ts';
import type { SyncItem, SyncTarget } from './sync-targets.ts';

export type SyncFormat = 'oci' | 'v2s2';

export interface SyncOptions {
  /** Undefined takes an index with all that it has. */
  readonly platform: Platform | undefined;
  /** Images of another format fail: nothing is converted. */
  readonly format: SyncFormat | undefined;
  readonly keepsGoing: boolean;
  readonly isDryRun: boolean;
  readonly retryTimes: number;
  /** Undefined doubles from a second on. */
  readonly retryDelayMs: number | undefined;
}

export interface SyncDeps {
  /** `digest` is that of an image that gets no tag. */
  openSink(target: SyncTarget, digest: Digest | undefined): Promise<SinkRepository>;
  sleep(milliseconds: number, signal: AbortSignal): Promise<void>;
  /** Also when an image is tried again; `onResult` ends it. */
  onStart(item: SyncItem): CopyProgress;
  onResult(result: SyncResult): void;
  readonly signal: AbortSignal;
}

export interface SyncResult {
  readonly source: string;
  readonly target: string;
  /** `missing` is what a dry run would copy. */
  readonly status: 'copied' | 'unchanged' | 'missing' | 'failed';
  readonly digest: Digest | undefined;
  /** One platform of an index at the source. */
  readonly isNarrowed: boolean;
  readonly bytes: number;
  readonly error: unknown;
}

const IMAGES_AT_ONCE = 3;
const BLOBS_AT_ONCE = 6;

const FORMATS: Readonly<Record<SyncFormat, readonly string[]>> = {
  oci: [OCI_MANIFEST, OCI_INDEX],
  v2s2: [DOCKER_MANIFEST, DOCKER_MANIFEST_LIST],
};

function refuseOtherFormat({ mediaType }: ChosenImage, format: SyncFormat | undefined): void {
  if (format === undefined || FORMATS[format].includes(mediaType)) return;
  throw mirrorError('request-invalid', `the image is not in the format ${format}`, {
    mediaType,
    hint: 'manifests are copied byte for byte and never converted; leave --format out',
  });
}

function tagsOf({ reference }: SyncTarget): readonly Tag[] {
  return reference.kind === 'tag' ? [reference.tag] : [];
}

interface Sync {
  readonly options: SyncOptions;
  readonly deps: SyncDeps;
  readonly copier: Copier;
}

type Outcome = Pick<SyncResult, 'status' | 'digest' | 'bytes'>;

const FAILED = { status: 'failed', digest: undefined, isNarrowed: false, bytes: 0 } as const;

async function look(sink: SinkRepository, { target }: SyncItem, digest: Digest, sync: Sync) {
  const reference =
    target.reference.kind === 'tag' ? target.reference : ({ kind: 'digest', digest } as const);
  const head = await sink.head(reference, sync.deps.signal);
  return { status: head?.digest === digest ? 'unchanged' : 'missing', digest, bytes: 0 } as const;
}

async function syncOnce(
  item: SyncItem,
  sync: Sync,
): Promise<Outcome & Pick<SyncResult, 'isNarrowed'>> {
  const { options, deps, copier } = sync;
  const { image, target } = item;
  const { signal } = deps;
  const progress = deps.onStart(item);
  const { repository: source, reference } = image;
  const chosen = await chooseImage(source, reference, options.platform, signal);
  refuseOtherFormat(chosen, options.format);
  const { digest, isNarrowed } = chosen;
  const tags = tagsOf(target);
  const sink = await deps.openSink(target, tags.length === 0 ? digest : undefined);
  if (options.isDryRun) return { ...(await look(sink, item, digest, sync)), isNarrowed };
  const result = await copier.copy({
    source,
    sink,
    reference: { kind: 'digest', digest },
    tags,
    platforms: undefined,
    withReferrers: false,
    blobsAtOnce: BLOBS_AT_ONCE,
    signal,
    progress,
  });
  const status = result.isUnchanged ? 'unchanged' : 'copied';
  return { status, digest, isNarrowed, bytes: result.bytes };
}

function mayPass(error: unknown): boolean {
  if (!(error instanceof DomainError)) return false;
  return error.code === 'upstream-unavailable' || error.code === 'upstream-limited';
}

async function syncItem(item: SyncItem, sync: Sync): Promise<SyncResult> {
  const { options, deps } = sync;
  const names = { source: item.image.label, target: item.target.label };
  for (let attempt = 0; ; attempt++) {
    try {
      return { ...names, ...(await syncOnce(item, sync)), error: undefined };
    } catch (error) {
      deps.signal.throwIfAborted();
      if (attempt >= options.retryTimes || !mayPass(error)) return { ...names, ...FAILED, error };
      await deps.sleep(options.retryDelayMs ?? 1000 * 2 ** attempt, deps.signal);
    }
  }
}

class Stopped extends Error {}

/** The results in the order of the items; fewer when a failure stopped it. */
export async function syncImages(
  items: readonly SyncItem[],
  options: SyncOptions,
  deps: SyncDeps,
): Promise<readonly SyncResult[]> {
  const sync: Sync = { options, deps, copier: createCopier() };
  const results = new Map<SyncItem, SyncResult>();
  try {
    await forEachAtMost(items, IMAGES_AT_ONCE, async (item) => {
      const result = await syncItem(item, sync);
      results.set(item, result);
      deps.onResult(result);
      if (result.status === 'failed' && !options.keepsGoing) throw new Stopped();
    });
  } catch (error) {
    if (!(error instanceof Stopped)) throw error;
  }
  return items.map((item) => results.get(item)).filter((result) => result !== undefined);
}

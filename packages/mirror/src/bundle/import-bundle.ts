// An import. Nothing is published before everything has been read and compared: a damaged stick changes
// nothing here. After that each image is a copy like any other, its tag last, so a killed import is simply
// run again.
import {
  type Descriptor,
  type Digest,
  DomainError,
  isNamespaceName,
  reasonOf,
  RepositoryName,
} from '@portolan/oci';
import type { BundleStore } from '@portolan/storage';
import { forEachAtMost } from '../copy/at-most.ts';
import { type Copier, createCopier } from '../copy/copy-image.ts';
import type { CopyProgress } from '../copy/copy-request.ts';
import { mirrorError } from '../errors.ts';
import { createBundleSource } from '../places/bundle-repository.ts';
import type { SinkRepository } from '../places/place.ts';
import type { ReferenceSelector } from '../selection/selectors.ts';
import { type Arrival, findArrivals } from './arrivals.ts';
import { type BundleContents, requireBundle } from './bundle-contents.ts';
import { bytesOf } from './bundle-document.ts';
import { listed } from './listed.ts';
import { contentBytes } from './manifests-below.ts';
import { findMissingBlobs } from './missing-blobs.ts';
import { findTurnedBack, type ImportedTag, importRecord } from './newer-imports.ts';
import type { ImportReport, ReportedReference } from './import-report.ts';
import { formatReferenceName } from './reference-name.ts';
import { requireSound } from './sound-bundle.ts';
import { type VerifiedBundle, verifyBundle } from './verify-bundle.ts';

export interface ImportDeps {
  readonly bundles: BundleStore;
  /** A repository of ours. */
  readonly openRepository: (name: RepositoryName) => SinkRepository;
  /** Whether any repository here has the blob, and one more could. */
  readonly isBlobHere: (blob: Descriptor) => Promise<boolean>;
  /** What `ensureNamespace` would throw; changes nothing. */
  readonly checkNamespace: (name: string) => Promise<void>;
  /** Makes it, or finds it to be a mirror already. @throws StorageError `name-taken` */
  readonly ensureNamespace: (name: string) => Promise<unknown>;
  readonly clock: () => number;
  readonly actor: string;
}

export interface ImportProgress {
  /** So many bytes are going to be read; not called for a bundle that does not say. */
  verifyStarted(bytes: number): void;
  verifying(count: number): void;
  verified(bundle: VerifiedBundle): void;
  /** How many references are about to be imported. */
  found(references: number): void;
  /** By its destination. */
  started(name: string): CopyProgress;
  done(reference: ReportedReference): void;
}

export interface ImportRequest {
  readonly directory: string;
  readonly selector: ReferenceSelector;
  /** In front of every name; undefined leaves names as they are. */
  readonly prefix: string | undefined;
  readonly allowsOlder: boolean;
  readonly publicKey: string | undefined;
  /** Refuses what an import would refuse, and writes nothing. */
  readonly isDryRun: boolean;
  readonly imagesAtOnce: number;
  readonly blobsAtOnce: number;
  readonly signal: AbortSignal;
  readonly progress: ImportProgress;
}

interface Import {
  readonly deps: ImportDeps;
  readonly request: ImportRequest;
  readonly contents: BundleContents;
  readonly arrivals: readonly Arrival[];
}

/** Digests that nobody reads: which bundle is missing says the hint. */
const MAX_BLOBS_LISTED = 3;

function tagsOf(arrivals: readonly Arrival[]): ImportedTag[] {
  return arrivals.flatMap(({ destination, reference, digest }) =>
    reference.kind === 'tag' ? [{ repository: destination, tag: reference.tag, digest }] : [],
  );
}

/** @throws MirrorError `bundle-outdated` */
async function refuseOlder({ deps, request, contents, arrivals }: Import): Promise<void> {
  if (request.allowsOlder) return;
  const records = await deps.bundles.list('import');
  const turnedBack = findTurnedBack(contents.document, tagsOf(arrivals), records);
  if (turnedBack.length === 0) return;
  throw mirrorError('bundle-outdated', 'a newer bundle was imported before this one', {
    bundle: contents.document.id,
    madeAt: new Date(contents.document.madeAt).toISOString(),
    newerBundles: [...new Set(turnedBack.map(({ newerBundle }) => newerBundle))],
    references: listed(turnedBack.map(({ repository, tag }) => `${repository}:${tag}`)),
    hint: 'with --allow-older these tags go back to what this bundle says',
  });
}

type HasBlob = (destination: RepositoryName, blob: Descriptor) => Promise<boolean>;

/** @throws MirrorError `place-incomplete` */
async function refuseGaps(task: Import, hasBlob: HasBlob): Promise<void> {
  const { deps, request, contents, arrivals } = task;
  const { openRepository } = deps;
  const { signal } = request;
  const missing = await findMissingBlobs(contents, arrivals, { openRepository, hasBlob, signal });
  if (missing.length === 0) return;
  const { base } = contents.document;
  throw mirrorError('place-incomplete', 'blobs are missing that the bundle takes for granted', {
    bundle: contents.document.id,
    madeAgainst: base === undefined ? 'nothing' : `${base.kind} ${base.id}`,
    blobs: listed(missing, MAX_BLOBS_LISTED),
    hint:
      base?.kind === 'bundle'
        ? `import the bundle ${base.id} first`
        : 'make a new have.json with `portolan bundle have`, and a bundle against it',
  });
}

/** @throws MirrorError `request-invalid` */
function namespacesOf({ arrivals }: Import): ReadonlySet<string> {
  const names = new Set(arrivals.map(({ destination }) => RepositoryName.namespace(destination)));
  for (const name of names) {
    if (name !== '' && isNamespaceName(name)) continue;
    throw mirrorError('request-invalid', 'a bundle needs a namespace to be imported into', {
      hint: 'name one with --prefix',
    });
  }
  return names;
}

/** All that can be refused, before anything is written: a dry run ends here. */
async function checkAll(task: Import): Promise<void> {
  const { deps } = task;
  await refuseOlder(task);
  for (const name of namespacesOf(task)) await deps.checkNamespace(name);
  await refuseGaps(task, (_destination, blob) => deps.isBlobHere(blob));
}

/** From here on a blob that any repository has is linked to where it is wanted, and stays there. */
async function preparePlaces(task: Import): Promise<void> {
  const { deps, request } = task;
  for (const name of namespacesOf(task)) await deps.ensureNamespace(name);
  await refuseGaps(task, (destination, blob) =>
    deps.openRepository(destination).hasBlob(blob, request.signal),
  );
}

function outcomeOf(before: Digest | undefined, digest: Digest): ReportedReference['outcome'] {
  if (before === undefined) return 'new';
  return before === digest ? 'unchanged' : 'moved';
}

/** What there is before anything is done: the outcome of a dry run. */
async function foresee({ deps, request, contents }: Import, arrival: Arrival) {
  const { destination, reference, digest } = arrival;
  const sink = deps.openRepository(destination);
  const before = (await sink.head(reference, request.signal))?.digest;
  const foreseen: ReportedReference = {
    name: formatReferenceName(arrival),
    destination: formatReferenceName({ repository: destination, reference }),
    digest,
    bytes: contentBytes(contents, arrival),
    before,
    outcome: outcomeOf(before, digest),
    error: undefined,
  };
  return foreseen;
}

async function importOne(
  task: Import,
  copier: Copier,
  arrival: Arrival,
): Promise<ReportedReference> {
  const { deps, request, contents } = task;
  const { repository, destination, digest, reference } = arrival;
  const foreseen = await foresee(task, arrival);
  try {
    await copier.copy({
      source: createBundleSource(contents, repository),
      sink: deps.openRepository(destination),
      omitted: contents.omitted,
      reference: { kind: 'digest', digest },
      tags: reference.kind === 'tag' ? [reference.tag] : [],
      platforms: undefined,
      // Those that came along are references of their own.
      withReferrers: false,
      isThorough: true,
      blobsAtOnce: request.blobsAtOnce,
      signal: request.signal,
      progress: request.progress.started(foreseen.destination),
    });
    return foreseen;
  } catch (error) {
    if (request.signal.aborted || !(error instanceof DomainError)) throw error;
    return { ...foreseen, outcome: 'failed', error: reasonOf(error) };
  }
}

async function foreseeAll(task: Import): Promise<readonly ReportedReference[]> {
  const foreseen: ReportedReference[] = [];
  for (const arrival of task.arrivals) foreseen.push(await foresee(task, arrival));
  return foreseen;
}

async function importAll(task: Import): Promise<readonly ReportedReference[]> {
  const { deps, request, contents, arrivals } = task;
  request.progress.found(arrivals.length);
  const copier = createCopier();
  const outcomes = new Map<Arrival, ReportedReference>();
  try {
    await forEachAtMost(arrivals, request.imagesAtOnce, async (arrival) => {
      const outcome = await importOne(task, copier, arrival);
      outcomes.set(arrival, outcome);
      request.progress.done(outcome);
    });
  } finally {
    // Also of what was published before the stick was pulled out.
    const published = arrivals.filter(
      (one) => (outcomes.get(one)?.outcome ?? 'failed') !== 'failed',
    );
    if (published.length > 0) {
      await deps.bundles.record(importRecord(contents.document, tagsOf(published)), deps.actor);
    }
  }
  return arrivals.flatMap((arrival) => outcomes.get(arrival) ?? []);
}

function reportOf(
  { deps, contents }: Import,
  { signature, strangers }: VerifiedBundle,
  references: readonly ReportedReference[],
): ImportReport {
  const { id, madeAt, tool, base, blobs } = contents.document;
  return {
    bundle: id,
    madeAt: new Date(madeAt).toISOString(),
    importedAt: new Date(deps.clock()).toISOString(),
    importedBy: deps.actor,
    tool,
    base,
    signature,
    files: blobs.reduce((sum, { parts }) => sum + parts, 0),
    bytes: bytesOf(contents.document),
    strangers,
    references,
  };
}

/**
 * Takes a bundle in. Without references in the report nothing matched.
 * @throws MirrorError `bundle-invalid`, `place-incomplete`, `bundle-outdated`, `request-invalid`;
 *   StorageError `name-taken`. Nothing has been published then.
 */
export async function importBundle(
  deps: ImportDeps,
  request: ImportRequest,
): Promise<ImportReport> {
  const { directory, publicKey, signal, progress } = request;
  await requireBundle(directory);
  const verified = await verifyBundle(directory, {
    publicKey,
    signal,
    onTotal: (bytes) => progress.verifyStarted(bytes),
    onBytes: (count) => progress.verifying(count),
  });
  const contents = requireSound(verified, directory);
  progress.verified(verified);
  const arrivals = findArrivals(contents, request.selector, request.prefix);
  const task = { deps, request, contents, arrivals };
  await checkAll(task);
  if (request.isDryRun) return reportOf(task, verified, await foreseeAll(task));
  if (arrivals.length === 0) return reportOf(task, verified, []);
  await preparePlaces(task);
  return reportOf(task, verified, await importAll(task));
}

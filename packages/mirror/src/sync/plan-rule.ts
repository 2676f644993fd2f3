// What a run of a rule would do, from real requests: HEADs of every image, and, when it is measured, the
// manifests too, whose layers are what there is to fetch. Reading manifests costs pulls.
import { DomainError } from '@portolan/oci';
import type { MirrorRule } from '@portolan/storage';
import { forEachAtMost } from '../copy/at-most.ts';
import { type Copier, createCopier } from '../copy/copy-image.ts';
import { parseRuleSettings, type RuleSettings } from '../rules/rule-settings.ts';
import { narrowingOf } from '../rules/select-rules.ts';
import { parsePlatform } from '../selection/platform.ts';
import type { ReferenceSelector } from '../selection/selectors.ts';
import { countRequests, type CountingSource, totalRequests } from './counting-source.ts';
import { createDrySink, type DrySink } from './dry-sink.ts';
import { knownQuota, planQuota, type QuotaPlan } from './quota.ts';
import { findImages, narrowImages, type RuleImage, type RuleImages } from './rule-images.ts';
import { errorFacts } from './run-report.ts';
import type { SyncDeps } from './sync-deps.ts';
import { SILENT_COPY } from './sync-progress.ts';

export interface PlannedImage {
  readonly tag: string;
  readonly action: 'copy' | 'update' | 'unchanged' | 'missing' | 'failed';
  readonly digest?: string;
  readonly error?: { readonly code: string; readonly message: string };
}

export interface RulePlan {
  readonly source: string;
  readonly destination: string;
  readonly images: readonly PlannedImage[];
  /** To fetch; undefined when it was not measured. */
  readonly bytes: number | undefined;
  readonly blobs: number | undefined;
  /** Of the run that is planned. */
  readonly requests: number;
  readonly pulls: number;
  /** Otherwise `requests` and `pulls` are the least that it can be. */
  readonly isMeasured: boolean;
  readonly quota: QuotaPlan | undefined;
  /** Of the rule itself, such as a listing that failed: nothing is known of its images then. */
  readonly error: { readonly code: string; readonly message: string } | undefined;
}

export interface PlanOptions {
  readonly jobs: number;
  /** Undefined measures where pulls are not counted. */
  readonly measures: boolean | undefined;
  /** Plans a run of these images alone. */
  readonly selector?: ReferenceSelector | undefined;
  readonly signal: AbortSignal;
}

interface Plan {
  readonly rule: MirrorRule;
  readonly settings: RuleSettings;
  readonly source: CountingSource;
  readonly sink: DrySink;
  readonly images: RuleImages;
  readonly options: PlanOptions;
  readonly copier: Copier;
}

async function look(plan: Plan, { tag, reference }: RuleImage): Promise<PlannedImage> {
  const { source, sink, options } = plan;
  try {
    const head = await source.head(reference, options.signal);
    if (head === undefined) return { tag, action: 'missing' };
    const here = await sink.head({ kind: 'tag', tag }, options.signal);
    const { digest } = head;
    if (here?.digest === digest) return { tag, action: 'unchanged', digest };
    return { tag, action: here === undefined ? 'copy' : 'update', digest };
  } catch (error) {
    options.signal.throwIfAborted();
    return { tag, action: 'failed', error: errorFacts(error) };
  }
}

async function measure(plan: Plan, { tag, reference }: RuleImage): Promise<void> {
  const { settings, source, sink, images, options, copier } = plan;
  await copier.copy({
    source,
    sink,
    reference,
    tags: [tag],
    platforms: settings.platforms?.map(parsePlatform),
    withReferrers: settings.referrers,
    ...(images.all === undefined ? {} : { tagsAtSource: images.all }),
    blobsAtOnce: 1,
    signal: options.signal,
    progress: SILENT_COPY,
  });
}

const isToCopy = ({ action }: PlannedImage): boolean => action === 'copy' || action === 'update';

async function lookAtAll(plan: Plan): Promise<PlannedImage[]> {
  const { images, options } = plan;
  const missing: PlannedImage[] = images.missing.map((tag) => ({ tag, action: 'missing' }));
  const planned = new Map<RuleImage, PlannedImage>();
  await forEachAtMost(images.images, options.jobs, async (image) => {
    planned.set(image, await look(plan, image));
  });
  return [...images.images.map((image) => planned.get(image)), ...missing].filter(
    (image) => image !== undefined,
  );
}

/** Those that fail are marked so: an image may break below its tag. */
async function measureAll(plan: Plan, planned: readonly PlannedImage[]): Promise<PlannedImage[]> {
  const measured = new Map(planned.map((image) => [image.tag, image]));
  // One by one: what two images share is then counted once.
  for (const image of plan.images.images) {
    const known = measured.get(image.tag);
    if (known === undefined || !isToCopy(known)) continue;
    try {
      await measure(plan, image);
    } catch (error) {
      plan.options.signal.throwIfAborted();
      measured.set(image.tag, { tag: image.tag, action: 'failed', error: errorFacts(error) });
    }
  }
  return [...measured.values()];
}

/** Manifests to be read, not counting what is below them. */
function leastPulls(planned: readonly PlannedImage[]): number {
  return new Set(planned.filter(isToCopy).map(({ digest }) => digest)).size;
}

type Names = Pick<RulePlan, 'source' | 'destination'>;

function failedPlan(names: Names, error: DomainError): RulePlan {
  return {
    ...names,
    images: [],
    bytes: undefined,
    blobs: undefined,
    requests: 0,
    pulls: 0,
    isMeasured: false,
    quota: undefined,
    error: errorFacts(error),
  };
}

async function open(deps: SyncDeps, rule: MirrorRule, options: PlanOptions): Promise<Plan> {
  const settings = parseRuleSettings(rule.settings);
  const source = countRequests(await deps.openSource(rule));
  const sink = createDrySink(deps.openSink(rule), deps.hasBlobHere);
  const found = await findImages(source, settings, options.signal);
  const images = narrowImages(found, narrowingOf(rule, options.selector));
  return { rule, settings, source, sink, images, options, copier: createCopier() };
}

async function planImages(deps: SyncDeps, plan: Plan, names: Names): Promise<RulePlan> {
  const { rule, source, sink, options } = plan;
  const seen = await lookAtAll(plan);
  const looks = totalRequests(source.counts);
  // The heads have told, also to who has never asked before.
  await deps.noteQuotas();
  const upstream = await deps.stores.upstreams.find(rule.upstream);
  const quota = knownQuota(upstream, deps.clock());
  const isMeasured = options.measures ?? quota === undefined;
  const planned = isMeasured ? await measureAll(plan, seen) : seen;
  const least = leastPulls(planned);
  const { pulls } = source.counts;
  // The run asks for each image's head once, as the looks have; measuring asked again.
  const again = seen.filter(isToCopy).length;
  const measured = totalRequests(source.counts) - again + sink.planned.blobs;
  const needed = isMeasured ? pulls : least;
  return {
    ...names,
    images: planned,
    bytes: isMeasured ? sink.planned.bytes : undefined,
    blobs: isMeasured ? sink.planned.blobs : undefined,
    requests: isMeasured ? measured : looks + least,
    pulls: needed,
    isMeasured,
    quota: quota && planQuota(needed, quota, deps.clock()),
    error: undefined,
  };
}

/** Changes nothing. What an upstream does is in the plan: it keeps no other rule from being planned. */
export async function planRule(
  deps: SyncDeps,
  rule: MirrorRule,
  options: PlanOptions,
): Promise<RulePlan> {
  const names = { source: `${rule.upstream}/${rule.path}`, destination: rule.destination };
  try {
    return await planImages(deps, await open(deps, rule, options), names);
  } catch (error) {
    options.signal.throwIfAborted();
    if (!(error instanceof DomainError)) throw error;
    return failedPlan(names, error);
  }
}

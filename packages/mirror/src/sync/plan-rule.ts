// What a run of a rule would do, from real requests: HEADs of every image, and, when it is measured, the
// manifests too, whose layers are what there is to fetch. Reading manifests costs pulls.
import { DomainError } from '@portolan/oci';
import type { MirrorRule } from '@portolan/storage';
import { createCopier } from '../copy/copy-image.ts';
import { totalRequests } from './counting-source.ts';
import { createDrySink } from './dry-sink.ts';
import { createHostWork } from './host-work.ts';
import { openRule, type RuleScope } from './open-rule.ts';
import {
  type ImagePlan,
  isToCopy,
  lookAtAll,
  planBelow,
  planGone,
  type PlannedImage,
} from './plan-images.ts';
import { type KnownQuota, knownQuota, planQuota, type QuotaPlan } from './quota.ts';
import type { RuleImage } from './rule-images.ts';
import { errorFacts } from './run-report.ts';
import type { SyncDeps } from './sync-deps.ts';

export type { PlannedImage };

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
  /** Of the rule itself: a listing that failed, or an upstream that stopped the measuring. */
  readonly error: { readonly code: string; readonly message: string } | undefined;
}

export interface PlanOptions extends RuleScope {
  readonly jobs: number;
  /** Undefined measures where pulls are not counted. */
  readonly measures: boolean | undefined;
  /** Of the rules that the same sync runs: their upstreams have one limit for all of them. */
  readonly before?: readonly RulePlan[];
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

async function openPlan(
  deps: SyncDeps,
  rule: MirrorRule,
  options: PlanOptions,
): Promise<ImagePlan> {
  const { jobs, signal } = options;
  return {
    ...(await openRule(deps, rule, options)),
    sink: createDrySink(deps.openSink(rule), deps.hasBlobHere),
    copier: createCopier(),
    host: createHostWork(jobs),
    jobs,
    signal,
  };
}

/** As the answers so far have told, also to who has never asked before. */
async function quotaNow(deps: SyncDeps, rule: MirrorRule) {
  await deps.noteQuotas();
  return knownQuota(await deps.stores.upstreams.find(rule.upstream), deps.clock());
}

/** What the rules before this one leave of the limit. */
function quotaLeft(
  quota: KnownQuota,
  { upstream }: MirrorRule,
  before: readonly RulePlan[] = [],
): KnownQuota {
  const ofUpstream = before.filter(({ source }) => source.startsWith(`${upstream}/`));
  const spoken = ofUpstream.reduce((sum, { pulls }) => sum + pulls, 0);
  return { ...quota, remaining: Math.max(0, quota.remaining - spoken) };
}

/** A run asks for no head of what it brings by digest; a look did. */
function spareHeads(seen: ReadonlyMap<RuleImage, PlannedImage>): number {
  return [...seen].filter(
    ([{ reference }, planned]) => reference.kind === 'digest' && isToCopy(planned),
  ).length;
}

async function planImages(
  deps: SyncDeps,
  rule: MirrorRule,
  plan: ImagePlan,
  { measures, before }: PlanOptions,
): Promise<Omit<RulePlan, keyof Names>> {
  const { source, sink, host } = plan;
  const seen = await lookAtAll(plan);
  const looks = totalRequests(source.counts);
  const stoppedBefore = host.stop;
  const isToMeasure = measures ?? (await quotaNow(deps, rule)) === undefined;
  const below = [...(await planBelow(plan, seen, isToMeasure)).values()];
  const isStopped = host.stop !== stoppedBefore;
  const isMeasured = isToMeasure && !isStopped;
  const least = Math.max(leastPulls(below), source.counts.pulls);
  const measured = totalRequests(source.counts) - spareHeads(seen) + sink.planned.blobs;
  const pulls = isMeasured ? source.counts.pulls : least;
  // What measuring has used is gone.
  const quota = await quotaNow(deps, rule);
  return {
    images: [...below, ...planGone(plan)],
    bytes: isMeasured ? sink.planned.bytes : undefined,
    blobs: isMeasured ? sink.planned.blobs : undefined,
    requests: isMeasured ? measured : looks + least,
    pulls,
    isMeasured,
    quota: quota && planQuota(pulls, quotaLeft(quota, rule, before), deps.clock()),
    error: isStopped ? errorFacts(host.stop) : undefined,
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
    const plan = await openPlan(deps, rule, options);
    return { ...names, ...(await planImages(deps, rule, plan, options)) };
  } catch (error) {
    options.signal.throwIfAborted();
    if (!(error instanceof DomainError)) throw error;
    return failedPlan(names, error);
  }
}

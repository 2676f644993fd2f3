// What `portolan mirror plan` has found out, told as a sync is, so that both end with the same exit code.
import type { QuotaPlan, RulePlan } from '@portolan/mirror';
import { clockTime } from '../terminal/clock-time.ts';
import { counted } from '../terminal/counted.ts';
import { EXIT, type ExitCode } from '../terminal/exit-codes.ts';
import { formatBytes } from '../terminal/format-bytes.ts';
import { optionalTimestamp } from './timestamp.ts';

type Row = Readonly<Record<string, unknown>>;

/** "42 of 61 pulls now, the rest at 14:20" */
export function quotaText({ needed, now, limit, restAt }: QuotaPlan): string {
  if (now === needed) return `${needed} of ${limit} pulls`;
  const rest = restAt === undefined ? 'later' : `at ${clockTime(restAt)}`;
  return `${now} of ${needed} pulls now, the rest ${rest}`;
}

export const PLAN_COLUMNS = [
  'destination',
  'copy',
  'update',
  'unchanged',
  'missing',
  'vanished',
  'failed',
  'size',
  'needs',
  'quota',
];

/** Without the manifests it is not known what lies below them. */
function needsText({ isMeasured, requests, pulls }: RulePlan): string {
  const needed = `${counted(requests, 'request')}, ${counted(pulls, 'pull')}`;
  return isMeasured ? needed : `at least ${needed}`;
}

function pullLimit(quota: QuotaPlan | undefined): Row | null {
  return quota === undefined ? null : { ...quota, restAt: optionalTimestamp(quota.restAt) };
}

export function planRow(plan: RulePlan): Row {
  const { images, bytes, blobs, isMeasured, requests, pulls, quota } = plan;
  const count = (action: string): number => images.filter((one) => one.action === action).length;
  return {
    source: plan.source,
    destination: plan.destination,
    copy: count('copy'),
    update: count('update'),
    unchanged: count('unchanged'),
    missing: count('missing'),
    vanished: count('vanished'),
    failed: count('failed'),
    bytes: bytes ?? null,
    size: bytes === undefined ? 'not measured' : formatBytes(bytes),
    blobs: blobs ?? null,
    isMeasured,
    requests,
    pulls,
    needs: needsText(plan),
    quota: quota === undefined ? null : quotaText(quota),
    pullLimit: pullLimit(quota),
    images,
    error: plan.error ?? null,
  };
}

export function planNotes(plans: readonly RulePlan[]): string[] {
  return plans.flatMap(({ destination, images, error: ofRule }) => {
    const notes = ofRule === undefined ? [] : [`failed: ${destination}: ${ofRule.message}`];
    if (ofRule === undefined && images.length === 0) notes.push(`${destination}: no tag matches`);
    for (const { tag, action, error } of images) {
      if (action === 'missing') notes.push(`missing: ${destination}:${tag}`);
      if (error !== undefined) notes.push(`failed: ${destination}:${tag}: ${error.message}`);
    }
    return notes;
  });
}

/** As the sync's that is planned. */
export function planExitCode(plans: readonly RulePlan[]): ExitCode {
  const images = plans.flatMap((plan) => plan.images);
  const errors = [...plans, ...images].map(({ error }) => error?.code);
  if (errors.includes('upstream-corrupt')) return EXIT.verification;
  if (errors.includes('upstream-limited')) return EXIT.limited;
  const hasProblem = images.some(({ action }) => action === 'failed' || action === 'missing');
  if (hasProblem || errors.some((code) => code !== undefined)) return EXIT.failed;
  return images.length === 0 ? EXIT.notFound : EXIT.ok;
}

import type { ImageStatus, RunReport, SyncedRule } from '@portolan/mirror';
import { expect, it } from 'vitest';
import {
  planExitCode,
  quotaText,
  syncExitCode,
  syncNotes,
} from '../../src/commands/mirror-reports.ts';

const COUNTS: Readonly<Record<ImageStatus, number>> = {
  copied: 0,
  unchanged: 0,
  fresh: 0,
  missing: 0,
  vanished: 0,
  failed: 0,
  skipped: 0,
};

function synced(report: Partial<RunReport>): SyncedRule {
  return {
    report: {
      source: 'docker.io/library/busybox',
      destination: 'docker.io/library/busybox',
      outcome: 'ok',
      counts: { ...COUNTS, unchanged: 1 },
      bytes: 0,
      requests: 0,
      pulls: 0,
      startedAt: 0,
      endedAt: 0,
      listed: 1,
      isThorough: false,
      isInterrupted: false,
      retryAt: undefined,
      error: undefined,
      errors: [],
      ...report,
    },
    pruned: undefined,
  };
}

const CORRUPT = { code: 'upstream-corrupt', message: 'other bytes' };
const broken = synced({
  outcome: 'partial',
  errors: [{ tag: 'a', status: 'failed', error: CORRUPT }],
});
const partial = synced({ outcome: 'partial' });
const limited = synced({ outcome: 'limited', retryAt: 1, counts: { ...COUNTS, skipped: 19 } });
const nothing = synced({ counts: COUNTS, listed: 0 });
const ok = synced({});

it.each<[string, readonly SyncedRule[], number]>([
  ['all is here', [ok, ok], 0],
  ['some failed', [ok, partial], 1],
  ['another process runs the rule', [synced({ outcome: 'busy' })], 1],
  ['it was interrupted', [synced({ isInterrupted: true })], 1],
  ['nothing matched', [nothing, nothing], 3],
  ['one rule of two matched nothing', [nothing, ok], 0],
  [
    'a listing failed, so that nothing matched',
    [
      synced({
        outcome: 'failed',
        counts: COUNTS,
        error: { code: 'upstream-denied', message: '' },
      }),
    ],
    1,
  ],
  ['content did not match its digest, beside others', [ok, partial, limited, broken], 4],
  ['the limit was reached, beside failures', [partial, limited], 75],
])('when %s', (_, all, code) => {
  expect(syncExitCode(all)).toBe(code);
});

it('says when the rest goes on, and what matched nothing', () => {
  expect(syncNotes([limited, nothing, ok])).toEqual([
    expect.stringMatching(/19 images go on at \d\d:\d\d$/),
    expect.stringContaining('no tag matches'),
  ]);
});

it('says how far a quota reaches', () => {
  const quota = { needed: 61, now: 42, remaining: 42, limit: 100, restAt: 0 };
  expect(quotaText(quota)).toMatch(/^42 of 61 pulls now, the rest at \d\d:\d\d$/);
  expect(quotaText({ ...quota, needed: 5, now: 5, restAt: undefined })).toBe('5 of 100 pulls');
});

it('a plan with missing tags is no success', () => {
  const plan = {
    source: '',
    destination: '',
    bytes: 0,
    blobs: 0,
    requests: 0,
    pulls: 0,
    isMeasured: true,
    quota: undefined,
  };
  expect(planExitCode([{ ...plan, images: [{ tag: 'a', action: 'unchanged' }] }])).toBe(0);
  expect(planExitCode([{ ...plan, images: [{ tag: 'a', action: 'missing' }] }])).toBe(1);
  expect(planExitCode([{ ...plan, images: [] }])).toBe(3);
});

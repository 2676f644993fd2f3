import type { ImageStatus, RunReport, SyncedRule } from '@portolan/mirror';
import { Tag } from '@portolan/oci';
import type { MirrorRule, MirrorRun, MirrorTag } from '@portolan/storage';
import { expect, it } from 'vitest';
import {
  logRow,
  planExitCode,
  planNotes,
  planRow,
  quotaText,
  statusNotes,
  syncExitCode,
  syncFailure,
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
      isNarrowed: false,
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

function failedBecause(code: string): SyncedRule {
  const error = { code, message: 'no' };
  const counts = { ...COUNTS, failed: 1 };
  return synced({ outcome: 'failed', counts, errors: [{ tag: 'a', status: 'failed', error }] });
}

const missing = synced({ outcome: 'failed', counts: { ...COUNTS, missing: 1 } });

it.each<[string, readonly SyncedRule[], string]>([
  [
    'some failed',
    [synced({ outcome: 'partial', counts: { ...COUNTS, failed: 1 } })],
    'run it again',
  ],
  ['it was interrupted', [missing, synced({ isInterrupted: true })], 'run it again'],
  ['another process runs the rule', [synced({ outcome: 'busy' })], 'run it again'],
  ['the limit was reached', [limited], 'run it again later'],
  ['the upstream lacks a tag', [missing, ok], 'not at their upstream'],
  ['an address is refused', [failedBecause('egress-refused'), ok], 'before what failed is seen to'],
  ['a login is refused', [failedBecause('upstream-denied')], 'before what failed is seen to'],
  ['the upstream is down', [failedBecause('upstream-unavailable')], 'run it again'],
  ['nothing matched', [nothing], 'no tag matches'],
  ['content did not match its digest', [broken], 'not kept'],
])('advises what helps when %s', (_, all, advice) => {
  expect(syncFailure(all)).toContain(advice);
  expect(syncFailure(all).includes('run it again')).toBe(advice.startsWith('run it again'));
});

it('says when the rest goes on, and what matched nothing', () => {
  expect(syncNotes([limited, nothing, ok])).toEqual([
    expect.stringMatching(/19 images to go at \d\d:\d\d$/),
    expect.stringContaining('no tag matches'),
  ]);
});

it('says of a run of some images that the rule takes none of them', () => {
  expect(syncNotes([synced({ counts: COUNTS, isNarrowed: true })])).toEqual([
    'docker.io/library/busybox: its rule takes no tag that matches',
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
    error: undefined,
  };
  expect(planExitCode([{ ...plan, images: [{ tag: 'a', action: 'unchanged' }] }])).toBe(0);
  expect(planExitCode([{ ...plan, images: [{ tag: 'a', action: 'missing' }] }])).toBe(1);
  expect(planExitCode([{ ...plan, images: [] }])).toBe(3);
});

const failedPlan = {
  source: 'quay.io/a/b',
  destination: 'quay.io/a/b',
  images: [],
  bytes: undefined,
  blobs: undefined,
  requests: 0,
  pulls: 0,
  isMeasured: false,
  quota: undefined,
};

it.each([
  ['upstream-denied', 1],
  ['upstream-unavailable', 1],
  ['upstream-limited', 75],
  ['upstream-corrupt', 4],
])('a plan whose rule fails with %s ends with %i, and says why', (code, exitCode) => {
  const plans = [{ ...failedPlan, error: { code, message: 'who are you?' } }];
  expect(planExitCode(plans)).toBe(exitCode);
  expect(planNotes(plans)).toEqual(['failed: quay.io/a/b: who are you?']);
});

it('a plan has numbers for programs, and a sentence for people', () => {
  const quota = { needed: 61, now: 42, remaining: 42, limit: 100, restAt: 60_000 };
  const plan = { ...failedPlan, error: undefined, requests: 130, pulls: 61, quota };
  expect(planRow(plan)).toMatchObject({
    requests: 130,
    pulls: 61,
    isMeasured: false,
    needs: 'at least 130 requests, 61 pulls',
    pullLimit: { needed: 61, now: 42, limit: 100, restAt: '1970-01-01T00:01:00Z' },
  });
  const measured = { ...plan, isMeasured: true, quota: undefined, requests: 1, pulls: 1 };
  expect(planRow(measured)).toMatchObject({ needs: '1 request, 1 pull', pullLimit: null });
});

it('a plan that matches nothing says so', () => {
  expect(planNotes([{ ...failedPlan, error: undefined }])).toEqual(['quay.io/a/b: no tag matches']);
});

const RULE = { destination: 'quay.io/a/b' } as MirrorRule;
const RUN: MirrorRun = {
  id: 1,
  ruleId: 1,
  startedAt: 0,
  endedAt: 1,
  outcome: 'failed',
  summary: { error: { code: 'upstream-denied', message: 'who are you?' } },
};

function failing(name: string): MirrorTag {
  const unseen = { digest: undefined, changedAt: undefined, vanishedAt: undefined };
  return { name: Tag.parse(name), ...unseen, checkedAt: 0, error: 'no such blob' };
}

it('the status says why, of three tags at most', () => {
  const tags = ['1', '2', '3', '4', '5'].map(failing);
  expect(statusNotes(RULE, tags, RUN)).toEqual([
    'failed: quay.io/a/b: who are you?',
    'failing: quay.io/a/b:1: no such blob',
    'failing: quay.io/a/b:2: no such blob',
    'failing: quay.io/a/b:3: no such blob',
    'quay.io/a/b: 2 more fail; --tags shows them',
  ]);
  expect(statusNotes(RULE, [], undefined)).toEqual([]);
});

it('the log says why a run failed, or the first of its tags', () => {
  expect(logRow(RULE, RUN)).toMatchObject({ error: 'who are you?' });
  const errors = ['1', '2'].map((tag) => ({ tag, error: { message: 'no such blob' } }));
  expect(logRow(RULE, { ...RUN, summary: { errors } })).toMatchObject({
    error: '1: no such blob (and 1 more)',
  });
  expect(logRow(RULE, { ...RUN, summary: {} })).toMatchObject({ error: null });
});

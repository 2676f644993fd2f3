// What a plan says that a sync would come to.
import { expect, it } from 'vitest';
import {
  planExitCode,
  planNotes,
  planRow,
  quotaText,
} from '../../src/commands/mirror-plan-report.ts';

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
  expect(planExitCode([{ ...plan, images: [{ tag: 'a', action: 'vanished' }] }])).toBe(0);
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

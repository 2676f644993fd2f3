// What status and log say of rules that fail.
import { Tag } from '@portolan/oci';
import type { MirrorRule, MirrorRun, MirrorTag } from '@portolan/storage';
import { expect, it } from 'vitest';
import { logNotes, logRow, statusNotes } from '../../src/commands/mirror-status-report.ts';

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
  expect(logRow(RULE, RUN)).toMatchObject({
    error: { code: 'upstream-denied', message: 'who are you?' },
    reason: 'who are you?',
  });
  const errors = ['1', '2'].map((tag) => ({ tag, error: { message: 'no such blob' } }));
  expect(logRow(RULE, { ...RUN, summary: { errors } })).toMatchObject({
    error: null,
    reason: '1: no such blob (and 1 more)',
  });
  expect(logRow(RULE, { ...RUN, summary: {} })).toMatchObject({ error: null, reason: null });
});

it('the log has times as the sync had them, and numbers for programs', () => {
  const summary = {
    startedAt: 5,
    endedAt: 1500,
    retryAt: 60_000,
    counts: { copied: 2, failed: 0 },
  };
  expect(logRow(RULE, { ...RUN, endedAt: 1500, summary })).toMatchObject({
    startedAt: '1970-01-01T00:00:00Z',
    endedAt: '1970-01-01T00:00:01Z',
    retryAt: '1970-01-01T00:01:00Z',
    seconds: 1.5,
    runId: 1,
    copied: 2,
    failed: 0,
    counts: { copied: 2 },
  });
});

it('the log names the tags that a run has pruned', () => {
  const run = { ...RUN, summary: { pruned: ['1.0', '1.1'] } };
  expect(logRow(RULE, run)).toMatchObject({ pruned: ['1.0', '1.1'] });
  expect(logNotes(RULE, run)).toEqual([
    'pruned: quay.io/a/b:1.0 (1970-01-01T00:00:00Z)',
    'pruned: quay.io/a/b:1.1 (1970-01-01T00:00:00Z)',
  ]);
  expect(logNotes(RULE, RUN)).toEqual([]);
});

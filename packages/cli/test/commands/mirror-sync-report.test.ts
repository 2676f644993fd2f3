// What a sync says that it came to, and with which exit code.
import type { RunReport, SyncedRule } from '@portolan/mirror';
import { Tag } from '@portolan/oci';
import { expect, it } from 'vitest';
import { syncExitCode, syncFailure, syncNotes } from '../../src/commands/mirror-sync-report.ts';
import { NO_COUNTS, reportOf } from './run-report.ts';

function synced(changes: Partial<RunReport>): SyncedRule {
  return { report: reportOf(changes), pruned: undefined };
}

function failedBecause(code: string): SyncedRule {
  const error = { code, message: 'no' };
  const counts = { ...NO_COUNTS, failed: 1 };
  return synced({ outcome: 'failed', counts, errors: [{ tag: 'a', status: 'failed', error }] });
}

const CORRUPT = { code: 'upstream-corrupt', message: 'other bytes' };
const broken = synced({
  outcome: 'partial',
  errors: [{ tag: 'a', status: 'failed', error: CORRUPT }],
});
const partial = synced({ outcome: 'partial' });
const limited = synced({ outcome: 'limited', retryAt: 1, counts: { ...NO_COUNTS, skipped: 19 } });
const nothing = synced({ counts: NO_COUNTS, listed: 0 });
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
        counts: NO_COUNTS,
        error: { code: 'upstream-denied', message: '' },
      }),
    ],
    1,
  ],
  ['no registry answers', [failedBecause('upstream-unexpected')], 1],
  ['content did not match its digest, beside others', [ok, partial, limited, broken], 4],
  ['the limit was reached, beside failures', [partial, limited], 75],
])('exits as documented when %s', (_, all, code) => {
  expect(syncExitCode(all)).toBe(code);
});

const missing = synced({ outcome: 'failed', counts: { ...NO_COUNTS, missing: 1 } });

it.each<[string, readonly SyncedRule[], string]>([
  [
    'some failed',
    [synced({ outcome: 'partial', counts: { ...NO_COUNTS, failed: 1 } })],
    'run it again',
  ],
  ['it was interrupted', [missing, synced({ isInterrupted: true })], 'run it again'],
  ['another process runs the rule', [synced({ outcome: 'busy' })], 'run it again'],
  ['the limit was reached', [limited], 'run it again later'],
  ['the upstream lacks a tag', [missing, ok], 'not at their upstream'],
  ['an address is refused', [failedBecause('egress-refused'), ok], 'before what failed is seen to'],
  ['a login is refused', [failedBecause('upstream-denied')], 'before what failed is seen to'],
  [
    'the repository is not there',
    [synced({ outcome: 'failed', error: { code: 'upstream-absent', message: 'no' } })],
    'before what failed is seen to',
  ],
  ['the certificate is not trusted', [failedBecause('upstream-untrusted')], 'before what failed'],
  ['a helper gives no login', [failedBecause('request-invalid')], 'before what failed'],
  ['a stored login does not open', [failedBecause('secret-unreadable')], 'before what failed'],
  ['no registry answers', [failedBecause('upstream-unexpected'), missing], 'before what failed'],
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

it('does not say of a limited listing that nothing is to go', () => {
  const error = { code: 'upstream-limited', message: 'too many requests' };
  const unlisted = synced({ outcome: 'limited', retryAt: 1, counts: NO_COUNTS, error });
  expect(syncNotes([unlisted])).toEqual([
    expect.stringMatching(/before its images were known; they can be asked for at \d\d:\d\d$/),
  ]);
});

it('names each tag that was pruned, and why none was', () => {
  const { report } = ok;
  const { destination } = report;
  const pruned = { destination, removed: ['1.0', '1.1'].map((tag) => Tag.parse(tag)), left: 3 };
  expect(syncNotes([{ report, pruned: { ...pruned, refusal: undefined } }])).toEqual([
    `pruned: ${destination}:1.0`,
    `pruned: ${destination}:1.1`,
    `${destination}: 3 more to prune, by the next runs`,
  ]);
  expect(syncNotes([{ report, pruned: { ...pruned, refusal: 'it was empty' } }])).toEqual([
    `${destination}: nothing is pruned: it was empty`,
  ]);
});

it('says of a run of some images that the rule takes none of them', () => {
  expect(syncNotes([synced({ counts: NO_COUNTS, isNarrowed: true })])).toEqual([
    'docker.io/library/busybox: its rule takes no tag that matches',
  ]);
});

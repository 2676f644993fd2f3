// What a sync of rules tells on stderr, in each of its kinds.
import { type Digest, Tag } from '@portolan/oci';
import { expect, it } from 'vitest';
import { openProgress, type ProgressKind } from '../../src/commands/mirror-progress.ts';
import { syncRow } from '../../src/commands/mirror-sync-report.ts';
import { createNotedOutput } from './noted-output.ts';
import { reportOf } from './run-report.ts';

const DIGEST = `sha256:${'a'.repeat(64)}` as Digest;
const HERE = 'docker.io/library/busybox';

function open(kind: ProgressKind, isTTY = false) {
  const { output, notes } = createNotedOutput();
  const written: string[] = [];
  const progress = openProgress(kind, {
    output,
    stderr: { isTTY, columns: 60, write: (text) => written.push(text) },
    clock: () => 0,
  });
  return { progress, notes, written };
}

function play({ progress }: ReturnType<typeof open>): void {
  progress.ruleStarted({ source: HERE, destination: HERE });
  progress.ruleFound(HERE, 2);
  const copy = progress.imageStarted(HERE, 'musl');
  copy.blobStarted(DIGEST, 2048);
  copy.bytes(DIGEST, 1024);
  copy.blobDone(DIGEST);
  progress.imageDone(HERE, { tag: 'musl', status: 'copied', digest: DIGEST, bytes: 2048 });
  progress.imageStarted(HERE, 'evil\u001b[2J');
  const error = { code: 'upstream-absent', message: 'no blob' };
  progress.imageDone(HERE, { tag: 'evil\u001b[2J', status: 'failed', error });
}

it('is one line for each image where nobody watches', () => {
  const opened = open('auto');
  play(opened);
  expect(opened.notes).toHaveLength(2);
  expect(opened.notes[0]).toBe(`copied: ${HERE}:musl (2.0 KiB)`);
  expect(opened.notes[1]).toContain('failed: ');
  expect(opened.written).toEqual([]);
});

it('is one event a line as JSON', () => {
  const opened = open('json');
  play(opened);
  const events = opened.notes.map((line) => JSON.parse(line) as { event: string });
  expect(events.map(({ event }) => event)).toEqual([
    'rule-started',
    'rule-found',
    'image-started',
    'blob-started',
    'blob-done',
    'image-done',
    'image-started',
    'image-done',
  ]);
});

it('tells how a run has ended as the answer on stdout does', () => {
  const { progress, notes } = open('json');
  const report = reportOf({ startedAt: 0, endedAt: 61_500, retryAt: 120_000 });
  const removed = [Tag.parse('1.0')];
  const pruned = { destination: report.destination, removed, left: 0, refusal: undefined };
  progress.ruleEnded(report, pruned);
  const [event] = notes.map((line) => JSON.parse(line) as object);
  const row = syncRow({ report, pruned });
  expect(event).toEqual(JSON.parse(JSON.stringify({ event: 'rule-ended', ...row })));
  expect(event).toHaveProperty('pruned', ['1.0']);
  expect(event).toMatchObject({ startedAt: '1970-01-01T00:00:00Z', seconds: 61.5, copied: 0 });
  expect(event).not.toHaveProperty('counts');
});

it('lives on a terminal, where no name moves the cursor, and leaves nothing behind', () => {
  const opened = open('auto', true);
  play(opened);
  opened.progress.end();
  expect(opened.notes).toEqual([]);
  const screen = opened.written.join('');
  expect(screen).toContain('2 of 2 images, 1.0 KiB fetched');
  expect(screen).toContain(`copied: ${HERE}:musl`);
  expect(screen).not.toContain('\u001b[2J');
  // The line of the totals is all that was left: up over it, and clear to the end.
  expect(opened.written.at(-1)).toBe('\u001b[1A\u001b[0J');
});

it('keeps tag and progress of a long name in sight', () => {
  const { progress, written } = open('auto', true);
  const long = `registry.example/${'team/'.repeat(12)}app`;
  progress.ruleFound(long, 1);
  const copy = progress.imageStarted(long, 'v1.30.0');
  copy.blobStarted(DIGEST, 2048);
  copy.bytes(DIGEST, 1024);
  progress.ruleWaits(HERE);
  progress.end();
  const line =
    written
      .join('')
      .split('\n')
      .find((text) => text.includes('v1.30.0')) ?? '';
  expect(line).toMatch(/^ {2}….*app:v1\.30\.0 {2}1\.0 KiB of 2\.0 KiB {2}10\.0 KiB\/s$/);
  expect(line.length).toBeLessThan(60);
});

it('can be nothing at all', () => {
  const opened = open('none', true);
  play(opened);
  expect([...opened.notes, ...opened.written]).toEqual([]);
});

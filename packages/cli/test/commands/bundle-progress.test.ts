// What an export, an import and a sync tell on stderr, with a terminal and without.
import type { ExportPlan, SyncItem, SyncResult, VerifiedBundle } from '@portolan/mirror';
import type { Digest } from '@portolan/oci';
import { describe, expect, it } from 'vitest';
import {
  openExportProgress,
  openImportProgress,
  openVerifyProgress,
} from '../../src/commands/bundle-progress.ts';
import { openSyncProgress } from '../../src/commands/sync-progress.ts';
import { createNotedOutput } from './noted-output.ts';

const DIGEST = `sha256:${'a'.repeat(64)}` as Digest;
const NAME = 'docker.io/library/busybox:musl';
const GIB = 1024 ** 3;
const PLAN = { images: 2, references: 3, bytes: 4096, newBytes: 2048 } as ExportPlan;
const IMPORTED = {
  name: NAME,
  destination: NAME,
  digest: DIGEST,
  bytes: 2048,
  before: undefined,
  outcome: 'new',
  error: undefined,
} as const;

function watch(isTerminal: boolean) {
  const { output, notes } = createNotedOutput();
  const written: string[] = [];
  const stream = { columns: 80, write: (text: string) => written.push(text) };
  return {
    notes,
    screen: () => written.join(''),
    last: () => written.at(-1),
    deps: {
      output,
      terminal: isTerminal ? stream : undefined,
      clock: () => 0,
    },
  };
}

const CLEARED = '\u001b[1A\u001b[0J';

describe('an export', () => {
  function play(watched: ReturnType<typeof watch>) {
    const progress = openExportProgress(watched.deps);
    progress.failed('quay.io/gone', new Error('not there'));
    progress.planned(PLAN);
    const copy = progress.started(NAME);
    copy.blobStarted(DIGEST, 2048);
    copy.bytes(DIGEST, 1024);
    copy.blobDone(DIGEST);
    progress.copied(NAME, 2048);
    progress.started('b:1');
    progress.failed('b:1', new Error('cut off'));
    progress.end();
  }

  const LINES = [
    'failed: quay.io/gone: not there',
    '3 references, 4.0 KiB; 2.0 KiB to write',
    `copied: ${NAME} (2.0 KiB)`,
    'failed: b:1: cut off',
  ];

  it('is a line for each image where nobody watches', () => {
    const watched = watch(false);
    play(watched);
    expect(watched.notes).toEqual(LINES);
    expect(watched.screen()).toBe('');
  });

  it('lives on a terminal, counts what was planned, and leaves its lines behind', () => {
    const watched = watch(true);
    play(watched);
    expect(watched.notes).toEqual([]);
    for (const line of LINES) expect(watched.screen()).toContain(`${line}\n`);
    expect(watched.screen()).toContain('looking for what there is to copy');
    expect(watched.screen()).toContain('1 of 2 images, 1.0 KiB of 2.0 KiB copied');
    expect(watched.screen()).toContain('2 of 2 images');
    expect(watched.last()).toBe(CLEARED);
  });

  it('says of an image that is on the stick already that nothing of it is new', () => {
    const watched = watch(false);
    openExportProgress(watched.deps).copied(NAME, 0);
    expect(watched.notes).toEqual([`copied: ${NAME} (nothing new)`]);
  });

  it('says now and then how far a large one is', () => {
    const watched = watch(false);
    const copy = openExportProgress(watched.deps).started(NAME);
    copy.bytes(DIGEST, GIB / 2);
    expect(watched.notes).toEqual([]);
    copy.bytes(DIGEST, GIB);
    expect(watched.notes).toEqual(['copied 1.5 GiB']);
  });
});

function playImport(watched: ReturnType<typeof watch>) {
  const progress = openImportProgress(watched.deps);
  progress.verifyStarted(2 * GIB);
  progress.verifying(GIB);
  progress.verified({ bytes: 2 * GIB } as VerifiedBundle);
  progress.found(1);
  progress.started(NAME).bytes(DIGEST, 1024);
  progress.done(IMPORTED);
  progress.end();
}

describe('an import', () => {
  it('is a line for what was verified and for each image where nobody watches', () => {
    const watched = watch(false);
    playImport(watched);
    expect(watched.notes).toEqual(['verified 1.0 GiB', 'verified: 2.0 GiB', `new: ${NAME}`]);
    expect(watched.screen()).toBe('');
  });

  it('lives on a terminal', () => {
    const watched = watch(true);
    playImport(watched);
    expect(watched.notes).toEqual(['verified: 2.0 GiB']);
    expect(watched.screen()).toContain(`new: ${NAME}\n`);
    expect(watched.screen()).toContain('1 of 1 images, 1.0 KiB copied');
  });

  it('of a damaged bundle ends its lines, too', () => {
    const watched = watch(true);
    const progress = openImportProgress(watched.deps);
    progress.verifyStarted(GIB);
    progress.end();
    expect(watched.screen()).toBe('');
  });
});

it('a verification says how much of how much on a terminal', async () => {
  const watched = watch(true);
  const progress = openVerifyProgress(watched.deps);
  progress.onTotal(4096);
  progress.onBytes(1024);
  await expect.poll(() => watched.screen()).toContain('verified 1.0 KiB of 4.0 KiB');
  progress.end();
  expect(watched.last()).toBe(CLEARED);
});

describe('a sync', () => {
  const result: SyncResult = {
    source: 'docker.io/library/busybox:musl',
    target: 'registry.lan/busybox:musl',
    status: 'copied',
    digest: DIGEST,
    isNarrowed: false,
    bytes: 2048,
    error: undefined,
  };
  const item = { target: { label: result.target } } as SyncItem;
  const line = `copied: ${result.source} → ${result.target}`;

  it('is a line for each image where nobody watches', () => {
    const watched = watch(false);
    const progress = openSyncProgress(watched.deps, 1);
    progress.onStart(item).bytes(DIGEST, 1024);
    progress.onResult(result);
    progress.end();
    expect(watched.notes).toEqual([line]);
    expect(watched.screen()).toBe('');
  });

  it('lives on a terminal', () => {
    const watched = watch(true);
    const progress = openSyncProgress(watched.deps, 2);
    progress.onStart(item).bytes(DIGEST, 1024);
    progress.onResult(result);
    progress.end();
    expect(watched.notes).toEqual([]);
    expect(watched.screen()).toContain(`${line}\n`);
    expect(watched.screen()).toContain('1 of 2 images, 1.0 KiB copied');
    expect(watched.last()).toBe(CLEARED);
  });
});

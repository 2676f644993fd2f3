import { closeSync, openSync, readFileSync } from 'node:fs';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, it, vi } from 'vitest';
import { createGatheredLines } from '../../../src/serve/log/gathered-lines.ts';

let directory: string;
beforeAll(async () => {
  directory = await mkdtemp(join(tmpdir(), 'portolan-log-'));
});
afterAll(() => rm(directory, { recursive: true, force: true }));

const numbered = Array.from({ length: 500 }, (_, i) => `{"line":${i}}\n`);

it('writes every line in order, without being asked', async () => {
  const file = join(directory, 'log');
  const fd = openSync(file, 'w');
  const lines = createGatheredLines(fd);
  for (const line of numbered) lines.write(line);
  await vi.waitFor(() => expect(readFileSync(file, 'utf8')).toBe(numbered.join('')), 5000);
  closeSync(fd);
});

it('writes at once what is asked for at the end', () => {
  const file = join(directory, 'end');
  const fd = openSync(file, 'w');
  const lines = createGatheredLines(fd);
  lines.write('last words\n');
  lines.flush();
  closeSync(fd);
  expect(readFileSync(file, 'utf8')).toBe('last words\n');
});

it('writes no character that moves the cursor of a terminal', () => {
  const file = join(directory, 'controls');
  const fd = openSync(file, 'w');
  const lines = createGatheredLines(fd);
  lines.write(`${JSON.stringify({ reason: '\u009b31m\u007f\u001b[2J' })}\n`);
  lines.flush();
  closeSync(fd);
  const text = readFileSync(file, 'utf8');
  expect(text).toBe(String.raw`{"reason":"\u009b31m\u007f\u001b[2J"}` + '\n');
});

it('drops what cannot be written, and comes to an end', async () => {
  // Every write to it fails, as on a full disk.
  const fd = openSync('/dev/full', 'w');
  const lines = createGatheredLines(fd);
  for (const line of numbered) lines.write(line);
  await new Promise((resolve) => setTimeout(resolve, 50));
  const startedAt = performance.now();
  for (const line of numbered) lines.write(line);
  lines.flush();
  expect(performance.now() - startedAt).toBeLessThan(1000);
  closeSync(fd);
});

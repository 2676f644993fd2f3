// How long the disk takes to make a few bytes durable: each push waits for that several times.
import { existsSync } from 'node:fs';
import { open, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { type Check, fail, type Finding, ok, onMachine, skipped, warn } from '../check.ts';

const TIMES = 15;
const BLOCK = Buffer.alloc(4096, 1);
const SLOW_MS = 25;
const HOPELESS_MS = 250;
const BUDGET_MS = 2500;

/** Median, in milliseconds. */
async function measure(file: string): Promise<number> {
  const handle = await open(file, 'wx', 0o600);
  const began = performance.now();
  const spans: number[] = [];
  try {
    while (spans.length < TIMES && performance.now() - began < BUDGET_MS) {
      const start = performance.now();
      await handle.write(BLOCK, 0, BLOCK.length, spans.length * BLOCK.length);
      await handle.datasync();
      spans.push(performance.now() - start);
    }
  } finally {
    await handle.close();
    await rm(file, { force: true });
  }
  return spans.sort((a, b) => a - b)[Math.floor(spans.length / 2)] ?? 0;
}

export function judgeDiskSpeed(medianMs: number): Finding {
  const summary = `a write is durable after ${medianMs.toFixed(1)} ms`;
  const remedy =
    'put the data directory on an SSD of this machine; see whether something else keeps the disk busy (`iostat -x 1`)';
  if (medianMs >= HOPELESS_MS) {
    return fail(summary, {
      meaning: 'pushes of many layers run into the time limits of clients',
      remedy,
    });
  }
  if (medianMs >= SLOW_MS) return warn(summary, { meaning: 'pushes and logins are slow', remedy });
  return ok(summary);
}

export const diskSpeed: Check = onMachine({
  name: 'disk-speed',
  topic: 'data',
  async run({ directory, randomId }) {
    const uploads = join(directory, 'uploads');
    // The server makes it on its first start.
    if (!existsSync(uploads)) return skipped(`there is no ${uploads} yet`);
    return judgeDiskSpeed(await measure(join(uploads, `doctor-${randomId()}`)));
  },
});

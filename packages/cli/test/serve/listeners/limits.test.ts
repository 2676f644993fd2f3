import { describe, expect, it } from 'vitest';
import { connectionLimit } from '../../../src/serve/listeners/connection-limit.ts';
import { restartDelayMs } from '../../../src/serve/workers/supervisor.ts';

describe('connectionLimit', () => {
  it.each([
    [10_000, Infinity, 10_000],
    [10_000, 1_048_576, 10_000],
    [10_000, 1024, 492],
    [10_000, 64, 12],
    [10_000, 10, 8],
    [5, 1024, 5],
  ])('takes %d connections with %d open files as %d', (wanted, openFiles, limit) => {
    expect(connectionLimit(wanted, openFiles)).toBe(limit);
  });
});

describe('restartDelayMs', () => {
  it('replaces at once who had lived, and waits longer each time for who dies young', () => {
    expect([0, 1, 2, 3, 20].map(restartDelayMs)).toEqual([0, 250, 500, 1000, 30_000]);
  });
});

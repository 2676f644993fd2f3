import { availableParallelism } from 'node:os';
import { defineConfig } from 'vitest/config';
import { createSkipReporter } from './test/support/skip-reporter.ts';

// Real engines and crash tests are heavy and watch the clock: they run one file after the other, with
// nothing beside them. What waits for minutes and needs little of the machine (`slow-peers`) is not of them.
const ALONE = ['clients', 'deploy', 'docs', 'doctor', 'faults', 'mirror', 'network'].map(
  (folder) => `test/${folder}/**/*.test.ts`,
);

export default defineConfig({
  test: {
    // For a loaded machine: what takes 15 s alone has taken more than 30.
    testTimeout: 120_000,
    hookTimeout: 120_000,
    expect: { poll: { timeout: 10_000 } },
    // By default one less than cores: half of a small machine would wait.
    maxWorkers: availableParallelism(),
    reporters: ['default', createSkipReporter()],
    projects: [
      {
        extends: true,
        test: {
          name: 'parallel',
          include: ['packages/*/test/**/*.test.ts', 'test/**/*.test.ts'],
          exclude: ALONE,
        },
      },
      {
        extends: true,
        test: {
          name: 'alone',
          include: ALONE,
          fileParallelism: false,
          sequence: { groupOrder: 1 },
        },
      },
    ],
  },
});

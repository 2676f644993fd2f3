import { defineConfig } from 'vitest/config';
import { createSkipReporter } from './test/support/skip-reporter.ts';

// Real engines and crash tests are heavy and watch the clock: they run one file after the other, with
// nothing beside them.
const ALONE = ['clients', 'deploy', 'docs', 'faults', 'mirror', 'network'].map(
  (folder) => `test/${folder}/**/*.test.ts`,
);

export default defineConfig({
  test: {
    testTimeout: 30_000,
    hookTimeout: 60_000,
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

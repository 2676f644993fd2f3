// Vitest's own reporter counts what is skipped but does not say why. This one adds the reasons, so
// that nobody takes a run without the real clients for a whole one.
import type { Reporter, TestModule, TestSuite } from 'vitest/node';

const REASON = /^(.*) \(skipped: (.*)\)$/;

function* skippedSuites(module: TestModule): Generator<readonly [TestSuite, string, string]> {
  for (const suite of module.children.allSuites()) {
    const [, title, reason] = REASON.exec(suite.name) ?? [];
    if (title !== undefined && reason !== undefined) yield [suite, title, reason];
  }
}

export function createSkipReporter(): Reporter {
  return {
    onTestRunEnd(modules) {
      for (const module of modules) {
        for (const [suite, title, reason] of skippedSuites(module)) {
          const count = Array.from(suite.children.allTests()).length;
          process.stdout.write(`\n  ${count} tests of ${title} skipped: ${reason}`);
        }
      }
      process.stdout.write('\n');
    },
  };
}

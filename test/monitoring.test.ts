// Prometheus' own tool reads what is shipped for it: the alerts, and each expression of the dashboard.
import { execFile } from 'node:child_process';
import { readFile, writeFile } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import { promisify } from 'node:util';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { describeWith } from './support/debian-package.ts';
import { createScratchDirectory, type ScratchDirectory } from './support/scratch-directory.ts';

const MONITORING = resolve(import.meta.dirname, '../deploy/monitoring');
const run = promisify(execFile);

interface Dashboard {
  readonly panels: readonly { readonly targets?: readonly { readonly expr: string }[] }[];
}

async function check(file: string): Promise<string> {
  return (await run('promtool', ['check', 'rules', file])).stdout;
}

describeWith({ packages: ['prometheus'] }, 'promtool', () => {
  let scratch: ScratchDirectory;
  beforeAll(async () => {
    scratch = await createScratchDirectory('promtool');
  });
  afterAll(() => scratch.remove());

  test('accepts the alerts', async () => {
    expect(await check(join(MONITORING, 'alerts.yml'))).toMatch(/SUCCESS: \d\d rules found/);
  });

  test('accepts each expression of the dashboard', async () => {
    const text = await readFile(join(MONITORING, 'grafana-dashboard.json'), 'utf8');
    const { panels } = JSON.parse(text) as Dashboard;
    const expressions = panels
      .flatMap(({ targets = [] }) => targets.map(({ expr }) => expr))
      // Grafana's own variable, which it replaces by a time.
      .map((expr) => expr.replaceAll('$__rate_interval', '1m'));
    const rules = expressions.map((expr, index) => ({ record: `panel:expression${index}`, expr }));
    // JSON is YAML.
    const file = join(scratch.path, 'dashboard.yml');
    await writeFile(file, JSON.stringify({ groups: [{ name: 'dashboard', rules }] }));
    expect(await check(file)).toContain(`SUCCESS: ${rules.length} rules found`);
  });
});

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

interface Course {
  /** A sample a minute, as Prometheus' own tests write them. */
  readonly values: string;
  /** Minutes at which the alert fires, and at which it does not. */
  readonly fires: readonly number[];
  readonly rests: readonly number[];
}

/** What Prometheus makes of the one series that it sees. */
function courseTest(alert: string, series: string, { values, fires, rests }: Course) {
  const firing = `count(ALERTS{alertname="${alert}",alertstate="firing"})`;
  const at = (minute: number, exp_samples: readonly object[]) => ({
    expr: firing,
    eval_time: `${minute}m`,
    exp_samples,
  });
  return {
    interval: '1m',
    input_series: [{ series, values }],
    promql_expr_test: [
      ...fires.map((minute) => at(minute, [{ labels: '{}', value: 1 }])),
      ...rests.map((minute) => at(minute, [])),
    ],
  };
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

  test.each<[string, Course]>([
    ['stays broken', { values: '0x9 1x300', fires: [20, 60, 180, 300], rests: [5, 12] }],
    ['is broken from the start', { values: '1x300', fires: [6, 60, 180, 300], rests: [1, 4] }],
    ['is broken, then mended', { values: '0x9 1x60 0x60', fires: [20, 69], rests: [72, 120] }],
    [
      'is broken for the time of a copy',
      { values: '0x9 1x2 0x60', fires: [], rests: [11, 14, 30] },
    ],
    ['is followed by a second one', { values: '1x60 2x60 1x60', fires: [60, 90, 180], rests: [] }],
  ])('fires for a certificate that %s, for as long', async (what, course) => {
    const file = join(scratch.path, `${what.replaceAll(/\W/g, '-')}.yml`);
    const series = 'tls_unusable_files{instance="registry.lan:9090", job="portolan"}';
    await writeFile(
      file,
      JSON.stringify({
        rule_files: [join(MONITORING, 'alerts.yml')],
        evaluation_interval: '1m',
        tests: [courseTest('PortolanCertificateBroken', series, course)],
      }),
    );
    expect((await run('promtool', ['test', 'rules', file])).stdout).toContain('SUCCESS');
  });

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

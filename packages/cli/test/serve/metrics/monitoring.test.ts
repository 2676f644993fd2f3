// What is shipped for Prometheus and Grafana, and what is written about it, against a real scrape.
import { readFileSync } from 'node:fs';
import { resolve } from 'node:path';
import { beforeAll, describe, expect, it } from 'vitest';
import { parse } from 'yaml';
import { groupings, selections } from './expressions.ts';
import { allMetrics, metricsReference } from './metrics-reference.ts';
import { startCounting } from './scrape.ts';

const ROOT = resolve(import.meta.dirname, '../../../../..');
const read = (path: string): string => readFileSync(resolve(ROOT, path), 'utf8');

interface Panel {
  readonly id: number;
  readonly title: string;
  readonly gridPos: {
    readonly x: number;
    readonly y: number;
    readonly w: number;
    readonly h: number;
  };
  readonly targets?: readonly { readonly expr: string }[];
}

interface Alerts {
  readonly groups: readonly { readonly rules: readonly { alert: string; expr: string }[] }[];
}

const { panels } = JSON.parse(read('deploy/monitoring/grafana-dashboard.json')) as {
  panels: Panel[];
};
const { groups } = parse(read('deploy/monitoring/alerts.yml')) as Alerts;
const expressions = [
  ...panels.flatMap(({ title, targets = [] }) => targets.map(({ expr }) => [title, expr] as const)),
  ...groups.flatMap(({ rules }) => rules.map(({ alert, expr }) => [alert, expr] as const)),
];

let scraped: Map<string, string>;

beforeAll(async () => {
  const { server, scrape } = await startCounting({ args: ['serve'] });
  const types = [...(await scrape()).matchAll(/^# TYPE (\S+) (\S+)$/gm)];
  scraped = new Map(types.map(([, name = '', type = '']) => [name, type]));
  await server.stop();
});

/** A series is a metric, or a part of a histogram. */
function metricOf(series: string): string {
  const whole = series.replace(/_(?:bucket|sum|count)$/, '');
  return scraped.get(whole) === 'histogram' ? whole : series;
}

describe('the documents', () => {
  it('list each metric that is scraped, and no other', () => {
    expect(read('docs/monitoring.md')).toContain(metricsReference());
    expect([...scraped]).toEqual(allMetrics().map(({ name, type }) => [name, type]));
  });
});

describe('an expression', () => {
  const OF_TARGET = ['job', 'instance'];
  it.each(expressions)('of %s asks for what there is: %s', (_, expression) => {
    const known = new Map(allMetrics().map(({ name, labels }) => [name, labels]));
    const all = new Set(OF_TARGET);
    for (const { metric, labels } of selections(expression)) {
      const name = metricOf(metric);
      expect(scraped.has(name), metric).toBe(true);
      const allowed = [...OF_TARGET, 'le', ...(known.get(name) ?? [])];
      for (const label of allowed) all.add(label);
      expect(allowed).toEqual(expect.arrayContaining([...labels]));
      // A histogram has no series of its own name.
      if (scraped.get(name) === 'histogram') expect(metric).not.toBe(name);
    }
    expect([...all]).toEqual(expect.arrayContaining(groupings(expression)));
  });
});

describe('the dashboard', () => {
  it('shows each metric', () => {
    const shown = new Set(
      expressions.flatMap(([, expr]) => selections(expr).map(({ metric }) => metricOf(metric))),
    );
    expect([...shown].sort()).toEqual([...scraped.keys()].sort());
  });

  it('has panels that do not lie on each other, each with its own number', () => {
    expect(new Set(panels.map(({ id }) => id)).size).toBe(panels.length);
    const cells = panels.flatMap(({ gridPos: { x, y, w, h } }) =>
      Array.from({ length: w * h }, (_, i) => `${x + (i % w)} ${y + Math.floor(i / w)}`),
    );
    expect(new Set(cells).size).toBe(cells.length);
    for (const { gridPos } of panels) expect(gridPos.x + gridPos.w).toBeLessThanOrEqual(24);
  });
});

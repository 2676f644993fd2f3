// `pnpm bench mirror`: one repository of 200 tags, five platforms each, at a docker-registry, copied by `skopeo sync --all` and
// by `portolan mirror sync`, at first (cold) and again (unchanged). A proxy counts what the upstream sees.
import { mkdirSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { type CountingProxy, startCountingProxy } from '../../support/counting-proxy.ts';
import { dockerRegistry } from '../docker-registry.ts';
import type { Figure } from '../row.ts';
import { type Figures, formatTable } from '../table.ts';
import { type MirrorContender, mirrorSync, skopeoSync } from './contenders.ts';
import { fillUpstream, TAGS } from './fill.ts';

const MEBIBYTE = 2 ** 20;

type Part = 'requests' | 'mebibytes' | 'seconds' | 'peak';

const UNITS: Readonly<Record<Part, Pick<Figure, 'name' | 'unit'>>> = {
  requests: { name: 'upstream requests', unit: '' },
  mebibytes: { name: 'fetched', unit: 'MiB' },
  seconds: { name: 'time', unit: 's' },
  peak: { name: 'peak memory', unit: 'MiB' },
};

/** Where we want to be. */
const WANTED: Readonly<Record<string, Partial<Record<Part, number>>>> = {
  cold: { seconds: 2 },
  unchanged: { requests: 10 },
};

function figuresOf(pass: string): Readonly<Record<Part, Figure>> {
  const entries = Object.entries(UNITS).map(([part, { name, unit }]) => {
    const wanted = WANTED[pass]?.[part as Part];
    const figure = { name: `${pass}: ${name}`, unit, better: 'less', wanted };
    return [part, figure] as const;
  });
  return Object.fromEntries(entries) as Record<Part, Figure>;
}

const PASSES = ['cold', 'unchanged'].map(figuresOf);

async function measure(
  contender: MirrorContender,
  proxy: CountingProxy,
  { directory, figures }: { directory: string; figures: Figures },
): Promise<void> {
  mkdirSync(directory);
  const copying = await contender.prepare(directory, proxy.host);
  try {
    for (const pass of PASSES) {
      proxy.forget();
      const { seconds, peakBytes } = await copying.sync();
      const values: Record<Part, number> = {
        requests: proxy.requests.length,
        mebibytes: proxy.bytes() / MEBIBYTE,
        seconds,
        peak: peakBytes / MEBIBYTE,
      };
      for (const [part, figure] of Object.entries(pass)) {
        const value = values[part as Part];
        figures.set(figure, { ...figures.get(figure), [contender.name]: value });
        console.error(`${contender.name}: ${figure.name}: ${value.toFixed(1)} ${figure.unit}`);
      }
    }
  } finally {
    await copying.stop();
  }
}

export async function benchMirror(): Promise<void> {
  const scratch = mkdtempSync(path.join(tmpdir(), 'portolan-bench-mirror-'));
  const content = path.join(scratch, 'upstream');
  mkdirSync(content);
  const upstream = await dockerRegistry().start(content);
  const proxy = await startCountingProxy(upstream.url);
  const figures: Figures = new Map();
  try {
    const bytes = await fillUpstream(upstream.url);
    console.error(`${TAGS} tags, ${Math.round(bytes / MEBIBYTE)} MiB in distinct blobs`);
    const contenders = [skopeoSync(), mirrorSync()];
    for (const [i, contender] of contenders.entries()) {
      const directory = path.join(scratch, String(i));
      await measure(contender, proxy, { directory, figures });
    }
    console.log(formatTable(figures, contenders));
  } finally {
    await proxy.stop();
    await upstream.stop();
    rmSync(scratch, { recursive: true, force: true });
  }
}

import { Counter, Gauge, Histogram, Registry } from 'prom-client';
import { describe, expect, it } from 'vitest';
import { createCrewSnapshots, type CrewMember } from '../../../src/serve/metrics/crew-snapshots.ts';
import type { Snapshot } from '../../../src/serve/metrics/snapshot.ts';

function createProcess() {
  const registry = new Registry();
  const registers = [registry];
  const labelNames = ['code'] as const;
  const requests = new Counter({ name: 'requests_total', help: 'r', labelNames, registers });
  const sizes = new Histogram({ name: 'size_bytes', help: 's', buckets: [10, 100], registers });
  const busy = new Gauge({ name: 'busy', help: 'b', registers });
  const lag = new Gauge({ name: 'lag', help: 'l', aggregator: 'max', registers });
  return {
    // Copied, as on its way between processes.
    snapshot: async () => structuredClone(await registry.getMetricsAsJSON()),
    work: (times: number, code = '200'): void => {
      for (let i = 0; i < times; i++) {
        requests.inc({ code });
        sizes.observe(50);
      }
      busy.set(times);
      lag.set(times);
    },
  };
}

interface Member extends CrewMember {
  work(times: number, code?: string): void;
  die(): void;
  isSilent: boolean;
}

function createMember(): Member {
  const { snapshot, work } = createProcess();
  const ended = Promise.withResolvers<void>();
  const member: Member = {
    isSilent: false,
    work,
    ended: ended.promise,
    die: () => ended.resolve(),
    snapshot: () => (member.isSilent ? new Promise<Snapshot>(() => undefined) : snapshot()),
  };
  return member;
}

function createCrew(count: number) {
  const primary = createProcess();
  const crew = createCrewSnapshots({ own: primary.snapshot, patienceMs: 50 });
  const members = Array.from({ length: count }, createMember);
  for (const member of members) crew.add(member);
  return { primary, crew, members };
}

function valueOf(text: string, series: string): number | undefined {
  const line = text.split('\n').find((one) => one.startsWith(`${series} `));
  return line === undefined ? undefined : Number(line.slice(series.length + 1));
}

const OK = 'requests_total{code="200"}';

describe('the metrics of a crew', () => {
  it('are the sum of counters, histograms and gauges, and the worst lag', async () => {
    const { crew, members, primary } = createCrew(3);
    members.forEach((member, index) => member.work(index + 1));
    members[0]?.work(7, '404');
    primary.work(10);
    const text = await crew.scrape();
    expect(valueOf(text, OK)).toBe(16);
    expect(valueOf(text, 'requests_total{code="404"}')).toBe(7);
    expect(valueOf(text, 'size_bytes_bucket{le="100"}')).toBe(23);
    expect(valueOf(text, 'size_bytes_sum')).toBe(23 * 50);
    expect(valueOf(text, 'size_bytes_count')).toBe(23);
    expect(valueOf(text, 'busy')).toBe(7 + 2 + 3 + 10);
    expect(valueOf(text, 'lag')).toBe(10);
  });

  it('keep what a worker had counted when it dies, and forget its gauges', async () => {
    const { crew, members } = createCrew(2);
    for (const member of members) member.work(5);
    await crew.scrape();
    members[0]?.die();
    const successor = createMember();
    crew.add(successor);
    successor.work(1);
    const text = await crew.scrape();
    expect(valueOf(text, OK)).toBe(11);
    expect(valueOf(text, 'size_bytes_count')).toBe(11);
    expect(valueOf(text, 'busy')).toBe(6);
  });

  it('never fall, however many workers die between scrapes', async () => {
    const { crew, members } = createCrew(1);
    let [worker, last] = [members[0], 0];
    for (let round = 0; round < 20; round++) {
      worker?.work(3);
      const before = valueOf(await crew.scrape(), OK) ?? 0;
      expect(before).toBe(last + 3);
      // Work of which nobody has heard is lost with the worker.
      worker?.work(2);
      worker?.die();
      await worker?.ended;
      last = valueOf(await crew.scrape(), OK) ?? 0;
      expect(last).toBe(before);
      worker = createMember();
      crew.add(worker);
    }
  });

  it('use what a silent worker last said of its counters, and leave out its gauges', async () => {
    const { crew, members } = createCrew(2);
    for (const member of members) member.work(5);
    await crew.scrape();
    for (const member of members) member.work(4);
    const [silent] = members;
    if (silent !== undefined) silent.isSilent = true;
    const text = await crew.scrape();
    expect(valueOf(text, OK)).toBe(5 + 9);
    expect(valueOf(text, 'busy')).toBe(4);
  });

  it('count a worker once that dies while it is asked', async () => {
    const { crew, members } = createCrew(2);
    for (const member of members) member.work(5);
    await crew.scrape();
    const [dying] = members;
    if (dying !== undefined) dying.isSilent = true;
    const scraped = crew.scrape();
    dying?.die();
    expect(valueOf(await scraped, OK)).toBe(10);
    expect(valueOf(await crew.scrape(), OK)).toBe(10);
  });

  it('are gathered once for all who ask at the same time', async () => {
    let asked = 0;
    const { snapshot } = createProcess();
    const own = () => {
      asked++;
      return snapshot();
    };
    const crew = createCrewSnapshots({ own });
    const texts = await Promise.all(Array.from({ length: 20 }, () => crew.scrape()));
    expect(new Set(texts).size).toBe(1);
    expect(asked).toBe(1);
  });
});

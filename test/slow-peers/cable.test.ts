// A client whose cable is pulled in the middle, and one whose line loses a tenth of its packets (reference
// reliability R2, rows 20 and 21). Nobody says goodbye: the kernel drops what is sent.
import { setTimeout as delay } from 'node:timers/promises';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { describeWith } from '../support/debian-package.ts';
import {
  beginUpload,
  BLOBS,
  type Cable,
  digestAt,
  type File,
  finishUpload,
  layCable,
  uploadStatus,
} from './cable.ts';

const MIB = 2 ** 20;
const OF_EACH_KIND = 5;
/** Bodies have half a minute for each window, readers up to two minutes; and some room. */
const BODIES_CUT_MS = 70_000;
const ALL_CUT_MS = 150_000;
const DROP = 'iptables -I INPUT -j DROP; iptables -I OUTPUT -j DROP';
/** In both directions, and no faster than an old DSL line. */
const LOSE = [
  'iptables -A INPUT -m statistic --mode random --probability 0.1 -j DROP',
  'iptables -A OUTPUT -m statistic --mode random --probability 0.1 -j DROP',
  'tc qdisc add dev $(ip -br link | sed -n "s/^\\(link[0-9]*\\).*/\\1/p") root tbf rate 2mbit burst 64kb latency 400ms',
].join('; ');

async function waitForEnd(cable: Cable, most: number, withinMs: number): Promise<void> {
  const deadline = performance.now() + withinMs;
  while ((await cable.connections()) > most) {
    if (performance.now() > deadline) {
      throw new Error(`${await cable.connections()} connections are held after ${withinMs} ms`);
    }
    await delay(1000);
  }
}

async function send(cable: Cable, url: string, { path }: File, more: readonly string[] = []) {
  const type = 'Content-Type: application/octet-stream';
  return cable.begin(['-X', 'PATCH', '-H', type, '-T', path, ...more, url]);
}

async function push(cable: Cable, file: File): Promise<void> {
  await finishUpload(cable, await beginUpload(cable), file);
}

describeWith({ packages: ['iproute2', 'iptables'], root: true }, 'a client behind a cable', () => {
  let cable: Cable;
  beforeAll(async () => {
    cable = await layCable();
  });
  afterAll(() => cable.stop());

  it('that is pulled holds nothing for long, and goes on where it stopped', async () => {
    const { client } = cable;
    const file = await cable.makeFile('pulled', 16 * MIB);
    await push(cable, file);
    await waitForEnd(cable, 0, 10_000);
    const before = await cable.descriptors();
    const other = await cable.makeFile('half', 16 * MIB);
    const urls: string[] = [];
    for (let i = 0; i < OF_EACH_KIND; i++) {
      const url = await beginUpload(cable);
      urls.push(url);
      await send(cable, url, other, ['--limit-rate', '1M']);
      await cable.begin(['--limit-rate', '1M', '-o', '/dev/null', `${BLOBS}/${file.digest}`]);
    }
    await delay(2000);
    await client.must(DROP);
    expect(await cable.connections()).toBe(2 * OF_EACH_KIND);
    await waitForEnd(cable, OF_EACH_KIND, BODIES_CUT_MS);
    await waitForEnd(cable, 0, ALL_CUT_MS);
    expect(await cable.descriptors()).toBeLessThanOrEqual(before);
    await client.must('iptables -F');
    for (const url of urls) {
      const { received } = await uploadStatus(cable, url);
      expect(received).toBeGreaterThan(0);
      expect(received).toBeLessThan(other.size);
    }
    await finishUpload(cable, urls[0] ?? '', other);
    await client.must(`curl -fsS -H '${cable.login}' -o half.back ${BLOBS}/${other.digest}`);
    expect(await digestAt(cable, 'half.back')).toBe(other.digest);
  }, 400_000);

  it('that loses a tenth of the packets pushes and pulls, and resumes both', async () => {
    const { client, login } = cable;
    await client.must(LOSE);
    const whole = await cable.makeFile('whole', 2 * MIB);
    await push(cable, whole);
    const broken = await cable.makeFile('broken', 3 * MIB);
    const url = await beginUpload(cable);
    const begun = await send(cable, url, broken);
    while ((await uploadStatus(cable, url)).received === 0) await delay(1000);
    await begun.stop();
    await finishUpload(cable, url, broken);
    const at = `${BLOBS}/${broken.digest}`;
    const half = `-r 0-${MIB - 1} -H '${login}' -o back ${at}`;
    const rest = `-C - -H '${login}' -o back ${at}`;
    for (const part of [half, rest]) {
      const got = await client.sh(`curl -fsS ${part}`, { timeoutMs: 200_000 });
      expect(got.output).toBe('');
    }
    expect(await digestAt(cable, 'back')).toBe(broken.digest);
    await client.must('iptables -F');
  }, 400_000);
});

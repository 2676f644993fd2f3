// `--output json` of each verb of the mirror: one document on stdout, nothing else, for scripts to read.
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { describeWith } from '../support/debian-package.ts';
import { type DebianRegistry, startDebianRegistry } from '../support/debian-registry.ts';
import { makeImage } from '../support/image.ts';
import { pushImage } from '../support/registry-client.ts';
import { createScratchDirectory, type ScratchDirectory } from '../support/scratch-directory.ts';
import { type Mirror, openClient, startMirror } from './world.ts';

/** In the order of their lives; `SCRATCH` and `UPSTREAM` stand for what is made when they run. */
const LINES = [
  'upstream set quay.io --endpoint http://UPSTREAM',
  'upstream set registry.example --requests-per-second 3',
  'upstream list',
  'upstream show quay.io',
  'upstream remove registry.example',
  'mirror add quay.io/a/b --dry-run',
  'mirror add quay.io/a/b --tags 1',
  'mirror apply SCRATCH/rules.yaml --dry-run',
  'mirror apply SCRATCH/rules.yaml',
  'mirror import-config SCRATCH/sync.yml',
  'mirror import-config SCRATCH/sync.yml --apply',
  'mirror list',
  'mirror show quay.io/a/b',
  'mirror plan quay.io',
  'mirror sync quay.io --dry-run',
  'mirror sync quay.io',
  'mirror sync quay.io --progress plain',
  'mirror status',
  'mirror status --tags',
  'mirror log',
  'mirror prune --dry-run',
  'mirror prune',
  'bundle keygen SCRATCH/key',
  'bundle export SCRATCH/stick --dry-run',
  'bundle export SCRATCH/stick --sign SCRATCH/key',
  'bundle verify SCRATCH/stick --key SCRATCH/key.pub',
  'bundle import SCRATCH/stick --dry-run',
  'bundle import SCRATCH/stick',
  'bundle have',
  'sync --dry-run --src docker --dest dir --scoped UPSTREAM/a/b:1 SCRATCH/tree',
  'sync --src docker --dest dir --scoped --all UPSTREAM/a/b:1 SCRATCH/tree',
  'mirror remove quay.io/a/b --dry-run',
  'mirror remove quay.io/a/b',
] as const;

const RULES = "- from: quay.io/a/b\n  tags: ['1', '2']\n";
const SKOPEO = "quay.io:\n  images:\n    a/b: ['1']\n";

/** Where a time is a number, and not RFC 3339; and where a tag is a whole name. */
function oddities(value: unknown, path = '$'): string[] {
  if (typeof value !== 'object' || value === null) return [];
  return Object.entries(value).flatMap(([key, part]: [string, unknown]) => {
    const isTime = /(?:At|^started|^ended|^checked|^changed|^vanished|^created|^updated)$/.test(
      key,
    );
    const isOdd =
      (typeof part === 'number' && isTime && part > 1_000_000_000) ||
      (typeof part === 'string' && key === 'tag' && part.includes(':'));
    return [...(isOdd ? [`${path}.${key}`] : []), ...oddities(part, `${path}.${key}`)];
  });
}

describeWith({ packages: ['docker-registry'] }, 'the answer in JSON', () => {
  let upstream: DebianRegistry;
  let mirror: Mirror;
  let scratch: ScratchDirectory;

  beforeAll(async () => {
    upstream = await startDebianRegistry();
    const client = openClient(upstream.url);
    for (const tag of ['1', '2']) await pushImage(client, 'a/b', makeImage(), tag);
    mirror = await startMirror();
    scratch = await createScratchDirectory('json');
    await writeFile(join(scratch.path, 'rules.yaml'), RULES);
    await writeFile(join(scratch.path, 'sync.yml'), SKOPEO);
  });

  afterAll(async () => {
    await mirror?.portolan.stop();
    await upstream?.stop();
    await scratch?.remove();
  });

  test.each(LINES)('of %s can be read', async (line) => {
    const filled = line.replaceAll('SCRATCH', scratch.path).replaceAll('UPSTREAM', upstream.host);
    const answer = await mirror.json(filled);
    expect(answer).toBeTypeOf('object');
    expect(oddities(answer)).toEqual([]);
  });

  test('is there, too, when some images are not', async () => {
    await mirror.must('mirror add quay.io/a/b --tags 1,nowhere');
    const { code, stdout, stderr } = await mirror.run('mirror sync quay.io --output json');
    expect(code).toBe(1);
    expect(JSON.parse(stdout)).toMatchObject([{ unchanged: 1, missing: 1 }]);
    const events = stderr.split('\n').filter((text) => text.startsWith('{'));
    const parsed = events.map((text) => JSON.parse(text) as { readonly event: string });
    expect(parsed.map(({ event }) => event)).toContain('image-done');
    expect(oddities(parsed)).toEqual([]);
    const [row] = JSON.parse(stdout) as [Record<string, unknown>];
    expect(parsed.find(({ event }) => event === 'rule-ended')).toEqual({
      event: 'rule-ended',
      ...row,
    });
  });
});

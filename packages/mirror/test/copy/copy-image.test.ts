import { type Digest, OCI_INDEX, Tag } from '@portolan/oci';
import { describe, expect, it } from 'vitest';
import { createCopier, copyImage } from '../../src/copy/copy-image.ts';
import type { CopyRequest } from '../../src/copy/copy-request.ts';
import { mirrorError } from '../../src/errors.ts';
import { parsePlatform } from '../../src/selection/platform.ts';
import { SILENT_COPY } from '../../src/sync/sync-progress.ts';
import { createMemoryPlace, hashOf, type MemoryPlace } from '../fixtures/memory-place.ts';
import {
  describeBytes,
  sample,
  sampleImage,
  sampleIndex,
  sampleReferrer,
} from '../places/sample-content.ts';

const MULTI = Tag.parse('multi');

function copyOf(
  source: MemoryPlace,
  sink: MemoryPlace,
  { tag = MULTI, ...changes }: Partial<CopyRequest> & { tag?: Tag } = {},
): CopyRequest {
  return {
    source,
    sink,
    reference: { kind: 'tag', tag },
    tags: [tag],
    platforms: undefined,
    withReferrers: false,
    blobsAtOnce: 3,
    signal: new AbortController().signal,
    progress: SILENT_COPY,
    ...changes,
  };
}

function places(content = sample()) {
  const source = createMemoryPlace('source');
  source.add(content);
  return { source, sink: createMemoryPlace('sink'), content };
}

const gets = (place: MemoryPlace): string[] =>
  place.log.filter((request) => !request.startsWith('head '));

describe('a copy', () => {
  it('brings an index with all that is below it, byte for byte', async () => {
    const { source, sink, content } = places();
    const result = await copyImage(copyOf(source, sink));
    expect(result).toMatchObject({
      digest: content.index.digest,
      isUnchanged: false,
      manifests: 3,
      blobs: 4,
    });
    expect(sink.tagged).toEqual(new Map([[MULTI, content.index.digest]]));
    expect(sink.manifests.get(content.index.digest)?.body).toEqual(content.index.body);
    const bytes = [...sink.blobs.values(), ...[...sink.manifests.values()].map((m) => m.body)];
    expect(result.bytes).toBe(bytes.reduce((sum, { length }) => sum + length, 0));
  });

  it('of an unchanged image costs one HEAD at the source and nothing else', async () => {
    const { source, sink } = places();
    await copyImage(copyOf(source, sink));
    source.log.length = 0;
    const result = await copyImage(copyOf(source, sink, { withReferrers: true }));
    expect(source.log).toEqual(['head tag:multi']);
    expect(result).toMatchObject({ isUnchanged: true, manifests: 0, blobs: 0, bytes: 0 });
  });

  it('of a tag that moved to what is here already costs no GET', async () => {
    const { source, sink, content } = places();
    await copyImage(copyOf(source, sink));
    source.log.length = 0;
    const tag = Tag.parse('1.0');
    await copyImage(copyOf(source, sink, { tag }));
    expect(gets(source)).toEqual([]);
    expect(sink.tagged.get(tag)).toBe(content.first.manifest.digest);
  });

  it('reads a manifest by the digest that its HEAD gave, so a tag that moves meanwhile does no harm', async () => {
    const { source, sink, content } = places();
    const tag = Tag.parse('1.0');
    source.before = (request) => {
      if (request === 'head tag:1.0') return;
      source.tagged.set(tag, content.second.manifest.digest);
    };
    await copyImage(copyOf(source, sink, { tag }));
    expect(sink.tagged.get(tag)).toBe(content.first.manifest.digest);
  });

  it('fetches a layer once that two children share', async () => {
    const first = sampleImage('same');
    const twin = { ...first.manifest, body: Buffer.from(first.manifest.body.toString() + '\n') };
    const second = { ...twin, digest: hashOf(twin.body) };
    const index = sampleIndex([first.manifest, second], ['multi']);
    const { source, sink } = places({
      ...sample(),
      blobs: first.blobs,
      manifests: [first.manifest, second, index],
    });
    await copyImage(copyOf(source, sink));
    expect(source.log.filter((request) => request.startsWith('blob '))).toHaveLength(2);
  });

  it('fetches a layer once that two copies at the same time want', async () => {
    const { source, content } = places();
    const [one, two] = [createMemoryPlace(), createMemoryPlace()];
    // Both are faces of one store.
    two.hasBlob = async ({ digest }) =>
      one.blobs.has(digest) &&
      two.blobs.set(digest, one.blobs.get(digest) ?? Buffer.alloc(0)) !== undefined;
    one.hasBlob = async ({ digest }) =>
      two.blobs.has(digest) &&
      one.blobs.set(digest, two.blobs.get(digest) ?? Buffer.alloc(0)) !== undefined;
    const copier = createCopier();
    await Promise.all([copier.copy(copyOf(source, one)), copier.copy(copyOf(source, two))]);
    expect(source.log.filter((request) => request.startsWith('blob '))).toHaveLength(4);
    for (const sink of [one, two]) expect(sink.tagged.get(MULTI)).toBe(content.index.digest);
  });

  it('skips a layer that is to be had elsewhere, and takes one that may be absent when it is there', async () => {
    const present = Buffer.from('here');
    const config = Buffer.from('{}');
    const foreign = {
      ...describeBytes(
        Buffer.from('x'),
        'application/vnd.docker.image.rootfs.foreign.diff.tar.gzip',
      ),
      urls: ['https://example.com/layer'],
    };
    const withUrls = { ...describeBytes(present), urls: ['https://example.com/layer'] };
    const gone = { ...describeBytes(Buffer.from('gone')), urls: ['https://example.com/gone'] };
    const mediaType = 'application/vnd.oci.image.manifest.v1+json';
    const document = {
      schemaVersion: 2,
      mediaType,
      config: describeBytes(config),
      layers: [foreign, withUrls, gone],
    };
    const body = Buffer.from(JSON.stringify(document));
    const manifest = { digest: hashOf(body), mediaType, body, tags: [MULTI] };
    const { source, sink } = places({
      ...sample(),
      blobs: [present, config],
      manifests: [manifest],
    });
    await copyImage(copyOf(source, sink));
    expect([...sink.blobs.keys()].sort()).toEqual([hashOf(present), hashOf(config)].sort());
    expect(source.log).not.toContain(`blob ${foreign.digest}`);
  });
});

describe('platforms', () => {
  it('take only the children that match; the index keeps its bytes', async () => {
    const { source, sink, content } = places();
    await copyImage(copyOf(source, sink, { platforms: [parsePlatform('linux/arm64/v8')] }));
    expect([...sink.manifests.keys()].sort()).toEqual(
      [content.index.digest, content.second.manifest.digest].sort(),
    );
    expect(sink.manifests.get(content.index.digest)?.body).toEqual(content.index.body);
  });

  it('come later by a thorough copy, which fetches only what is missing', async () => {
    const { source, sink, content } = places();
    await copyImage(copyOf(source, sink, { platforms: [parsePlatform('linux/arm64')] }));
    source.log.length = 0;
    const result = await copyImage(copyOf(source, sink, { isThorough: true }));
    expect(result).toMatchObject({ isUnchanged: false, manifests: 1, blobs: 2 });
    expect(gets(source)).toContain(`manifest ${content.first.manifest.digest}`);
    expect(gets(source)).toHaveLength(3);
  });

  it('take the attestation of the child with it', async () => {
    const [image, attestation, other] = [sampleImage('a'), sampleImage('b'), sampleImage('c')];
    const plain = sampleIndex([image.manifest, other.manifest, attestation.manifest]);
    const document = JSON.parse(plain.body.toString()) as { manifests: Record<string, unknown>[] };
    Object.assign(document.manifests[2] ?? {}, {
      platform: { os: 'unknown', architecture: 'unknown' },
      annotations: { 'vnd.docker.reference.digest': image.manifest.digest },
    });
    const body = Buffer.from(JSON.stringify(document));
    const index = { digest: hashOf(body), mediaType: OCI_INDEX, body, tags: [MULTI] };
    const content = {
      ...sample(),
      blobs: [image, attestation, other].flatMap((i) => i.blobs),
      manifests: [image.manifest, attestation.manifest, other.manifest, index],
    };
    const { source, sink } = places(content);
    await copyImage(copyOf(source, sink, { platforms: [parsePlatform('linux/amd64')] }));
    expect(sink.manifests.has(attestation.manifest.digest)).toBe(true);
    expect(sink.manifests.has(other.manifest.digest)).toBe(false);
  });

  it('that the index does not have are an error that says which it has', async () => {
    const { source, sink } = places();
    const copy = copyImage(copyOf(source, sink, { platforms: [parsePlatform('windows/amd64')] }));
    await expect(copy).rejects.toMatchObject({
      code: 'upstream-absent',
      detail: { wanted: 'windows/amd64', has: 'linux/amd64, linux/arm64' },
    });
    expect(sink.tagged.size).toBe(0);
  });
});

describe('referrers', () => {
  it('come with the image, recursively, and before its tag', async () => {
    const content = sample();
    const signature = content.referrer?.manifest;
    if (signature === undefined) throw new Error('the sample has a referrer');
    const second = sampleReferrer(signature);
    const { source, sink } = places(content);
    source.add({ blobs: second.blobs, manifests: [second.manifest] });
    await copyImage(copyOf(source, sink, { withReferrers: true }));
    expect(sink.manifests.has(second.manifest.digest)).toBe(true);
    const order = sink.log.filter((request) => request.startsWith('putManifest'));
    expect(order.at(-1)).toBe(`putManifest ${content.index.digest} multi`);
    expect(order).toContain(`putManifest ${signature.digest}`);
  });

  it('include cosign tags, asked for by HEAD', async () => {
    const { source, sink, content } = places();
    const signature = sampleImage('signature');
    const tag = Tag.parse(`sha256-${content.index.digest.slice(7)}.sig`);
    source.add({ blobs: signature.blobs, manifests: [{ ...signature.manifest, tags: [tag] }] });
    await copyImage(copyOf(source, sink, { withReferrers: true }));
    expect(sink.tagged.get(tag)).toBe(signature.manifest.digest);
  });

  it('cost no HEAD for cosign tags that a listing does not have', async () => {
    const { source, sink } = places();
    await copyImage(
      copyOf(source, sink, { withReferrers: true, tagsAtSource: new Set(['multi']) }),
    );
    expect(source.log.filter((request) => request.startsWith('head tag:'))).toEqual([
      'head tag:multi',
    ]);
  });

  it('are asked for with the listing, so that no fallback tag is asked for in vain', async () => {
    const { source, sink } = places();
    const tagsAtSource = new Set(['multi']);
    const known: unknown[] = [];
    source.referrers = async (_subject, _signal, tags) => {
      known.push(tags);
      return [];
    };
    await copyImage(copyOf(source, sink, { withReferrers: true, tagsAtSource }));
    expect(known).toEqual([tagsAtSource, tagsAtSource, tagsAtSource]);
  });

  it('that were added to an unchanged image come by a thorough copy', async () => {
    const { source, sink, content } = places();
    await copyImage(copyOf(source, sink, { withReferrers: true }));
    const late = sampleReferrer(content.index);
    source.add({ blobs: late.blobs, manifests: [late.manifest] });
    const result = await copyImage(copyOf(source, sink, { withReferrers: true, isThorough: true }));
    expect(result).toMatchObject({ isUnchanged: false, manifests: 1 });
    expect(sink.manifests.has(late.manifest.digest)).toBe(true);
  });

  it('of a source that lists in circles come to an end', async () => {
    const { source, sink, content } = places();
    source.referrers = async () =>
      [content.index, content.first.manifest].map(({ body, mediaType }) =>
        describeBytes(body, mediaType),
      );
    await copyImage(copyOf(source, sink, { withReferrers: true }));
    expect(sink.tagged.has(MULTI)).toBe(true);
  });
});

function lie(source: MemoryPlace, digest: Digest): void {
  const found = source.manifests.get(digest);
  if (found !== undefined) source.manifests.set(digest, { ...found, body: Buffer.from('{}') });
}

describe('a hostile source', () => {
  it.each(['index', 'child'])(
    'with other bytes under the digest of the %s leaves no tag',
    async (which) => {
      const { source, sink, content } = places();
      lie(source, which === 'index' ? content.index.digest : content.second.manifest.digest);
      await expect(copyImage(copyOf(source, sink))).rejects.toMatchObject({
        code: 'upstream-corrupt',
      });
      expect(sink.tagged.size).toBe(0);
    },
  );

  it('with other referrers for each of many manifests is given up before all are listed', async () => {
    const { source, sink } = places();
    let listed = 0;
    source.referrers = async () =>
      Array.from({ length: 6000 }, () => describeBytes(Buffer.from(`signature ${listed++}`)));
    const copy = copyImage(copyOf(source, sink, { withReferrers: true, blobsAtOnce: 1 }));
    await expect(copy).rejects.toMatchObject({ code: 'upstream-corrupt' });
    expect([listed, sink.tagged.size]).toEqual([12_000, 0]);
  });

  it('with Docker schema 1 is refused', async () => {
    const body = Buffer.from('{"schemaVersion":1,"fsLayers":[]}');
    const mediaType = 'application/vnd.docker.distribution.manifest.v1+json';
    const manifest = { digest: hashOf(body), mediaType, body, tags: [MULTI] };
    const { source, sink } = places({ ...sample(), blobs: [], manifests: [manifest] });
    await expect(copyImage(copyOf(source, sink))).rejects.toMatchObject({
      code: 'upstream-corrupt',
    });
  });

  it('whose index nests deeper than eight is refused', async () => {
    const image = sampleImage('deep');
    const chain = [image.manifest];
    for (let i = 0; i < 10; i++) chain.push(sampleIndex(chain.slice(-1), i === 9 ? ['multi'] : []));
    const { source, sink } = places({ ...sample(), blobs: image.blobs, manifests: chain });
    await expect(copyImage(copyOf(source, sink))).rejects.toMatchObject({
      code: 'upstream-corrupt',
      detail: { maxDepth: 8 },
    });
  });

  it('that lacks a layer leaves no tag', async () => {
    const { source, sink, content } = places();
    source.blobs.delete(hashOf(content.first.blobs[1] ?? Buffer.alloc(0)));
    await expect(copyImage(copyOf(source, sink))).rejects.toMatchObject({
      code: 'upstream-absent',
    });
    expect(sink.tagged.size).toBe(0);
  });
});

describe('an end before the end', () => {
  it('comes at once with the signal, and with its reason', async () => {
    const { source, sink } = places();
    const controller = new AbortController();
    const reason = new Error('enough');
    source.before = async (request) => {
      if (request.startsWith('blob ')) controller.abort(reason);
    };
    await expect(copyImage(copyOf(source, sink, { signal: controller.signal }))).rejects.toBe(
      reason,
    );
    const asked = source.log.length;
    await new Promise((resolve) => setTimeout(resolve, 20));
    expect(source.log).toHaveLength(asked);
    expect(sink.tagged.size).toBe(0);
  });

  it('after the first failure nothing goes on behind the back of the caller', async () => {
    const { source, sink } = places();
    const limited = mirrorError('upstream-limited', 'too many requests');
    source.before = (request) => {
      if (request.startsWith('blob ')) throw limited;
    };
    await expect(copyImage(copyOf(source, sink))).rejects.toBe(limited);
    const asked = source.log.length;
    await new Promise((resolve) => setTimeout(resolve, 20));
    expect(source.log).toHaveLength(asked);
  });

  it('does not keep a copy from going on that waited for the same layer', async () => {
    const { source, content } = places();
    const [one, two] = [createMemoryPlace('one'), createMemoryPlace('two')];
    const controller = new AbortController();
    source.before = (request) => {
      if (request.startsWith('blob ') && !controller.signal.aborted) controller.abort();
    };
    const copier = createCopier();
    const first = copier.copy(copyOf(source, one, { signal: controller.signal }));
    const second = copier.copy(copyOf(source, two));
    await expect(first).rejects.toThrow('aborted');
    await second;
    expect(two.tagged.get(MULTI)).toBe(content.index.digest);
  });

  it('at any request, and then once more, gives the same as one run', async () => {
    const whole = places();
    const count = async (): Promise<number> => {
      await copyImage(copyOf(whole.source, whole.sink, { withReferrers: true }));
      return whole.source.log.length + whole.sink.log.length;
    };
    const total = await count();
    for (let stop = 0; stop < total; stop++) {
      const { source, sink } = places();
      let asked = 0;
      const failAt = (): void => {
        if (asked++ === stop) throw mirrorError('upstream-unavailable', 'the cable is out');
      };
      source.before = failAt;
      sink.before = failAt;
      await copyImage(copyOf(source, sink, { withReferrers: true })).catch(() => undefined);
      source.before = () => undefined;
      sink.before = () => undefined;
      await copyImage(copyOf(source, sink, { withReferrers: true }));
      expect(sink.tagged).toEqual(whole.sink.tagged);
      expect([...sink.manifests.keys()].sort()).toEqual([...whole.sink.manifests.keys()].sort());
    }
  });
});

// A repository of 500 tags, as Docker Hub has many of.
import { afterAll, beforeAll, expect, test } from 'vitest';
import { type CountingProxy, startCountingProxy } from '../support/counting-proxy.ts';
import { describeWith } from '../support/debian-package.ts';
import { type DebianRegistry, startDebianRegistry } from '../support/debian-registry.ts';
import { content, LAYER_TYPE, makeImage } from '../support/image.ts';
import { pushImage } from '../support/registry-client.ts';
import { digestAt, type Mirror, openClient, startMirror } from './world.ts';

const TAGS = 500;
const PATH = 'library/many';
const NAME = `docker.io/${PATH}`;
const TIMEOUT_MS = 300_000;

describeWith({ packages: ['docker-registry'] }, `${TAGS} tags`, () => {
  let upstream: DebianRegistry;
  let proxy: CountingProxy;
  let mirror: Mirror;
  const digests = new Map<string, string>();
  const layer = content(Buffer.from('the same for all'), LAYER_TYPE);

  beforeAll(async () => {
    upstream = await startDebianRegistry();
    proxy = await startCountingProxy(upstream.url);
    const client = openClient(upstream.url);
    for (let i = 0; i < TAGS; i++) {
      const image = makeImage({ layerContents: [layer] });
      await pushImage(client, PATH, image, `1.${i}`);
      digests.set(`1.${i}`, image.root.digest);
    }
    mirror = await startMirror();
    await mirror.must(`upstream set docker.io --endpoint ${proxy.url}`);
    await mirror.must(`mirror add ${NAME}`);
  }, TIMEOUT_MS);

  afterAll(async () => {
    await mirror?.portolan.stop();
    await proxy?.stop();
    await upstream?.stop();
  });

  test(
    'are all here after one run, and what they share was fetched once',
    async () => {
      proxy.forget();
      await mirror.must(`mirror sync ${NAME}`);
      const client = await mirror.client(NAME);
      for (const [tag, digest] of digests) expect(await digestAt(client, NAME, tag)).toBe(digest);
      const layers = proxy.requests.filter((each) => each.path.includes(layer.digest));
      expect(layers).toHaveLength(1);
    },
    TIMEOUT_MS,
  );

  test('cost a request each and a listing in the next run', async () => {
    proxy.forget();
    await mirror.must(`mirror sync ${NAME}`);
    expect(proxy.requests.length).toBeLessThanOrEqual(TAGS + 10);
    expect(proxy.requests.filter(({ method }) => method === 'GET').length).toBeLessThan(10);
  });

  test('are thinned out by a rule', async () => {
    await mirror.must(`mirror add ${NAME} --to docker.io/library/few --semver 1.x --newest 3`);
    await mirror.must('mirror sync docker.io/library/few');
    const client = await mirror.client('docker.io/library/few');
    const listed = await client.expect([200], 'GET', '/v2/docker.io/library/few/tags/list');
    expect(JSON.parse(listed.bytes.toString())).toMatchObject({
      tags: ['1.497', '1.498', '1.499'],
    });
  });
});

// Sending to registries that are not as ours: their Locations, mounts, tags and lost answers.
import { RepositoryName, Tag } from '@portolan/oci';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { mirrorError } from '../../src/errors.ts';
import { createRegistryClient, type RegistryClient } from '../../src/client/registry-client.ts';
import type { SinkRepository } from '../../src/places/place.ts';
import { clientDeps } from '../fixtures/client-deps.ts';
import {
  hangUp,
  honestly,
  json,
  type ScriptedAnswer,
  type ScriptedRegistry,
  startScriptedRegistry,
  status,
} from '../fixtures/scripted-registry.ts';
import { describeBytes, inParts, sample } from './sample-content.ts';

const signal = new AbortController().signal;
const CONTENT = sample();
const LAYER = CONTENT.first.blobs[1] ?? Buffer.alloc(0);
const BLOB = describeBytes(LAYER);
const IMAGE = CONTENT.first.manifest;
const UPLOADS = '/v2/app/blobs/uploads/';
const wrong = async () => inParts(Buffer.alloc(LAYER.length));
const open = async (start: number) => inParts(LAYER.subarray(start));

let registry: ScriptedRegistry;
let client: RegistryClient;
let sink: SinkRepository;

beforeEach(async () => {
  registry = await startScriptedRegistry();
  client = createRegistryClient(clientDeps({ endpoint: registry.url }));
  sink = client.repository(RepositoryName.parse('app'));
});

afterEach(async () => {
  await client.close();
  await registry.stop();
});

const puts = () => registry.log().filter((line) => line.startsWith('PUT'));
const at = (reference: string) => `PUT /v2/app/manifests/${reference}`;
const created = status(201, {}, '');
const session = (location: string) => status(202, { location }, '');

describe('a blob', () => {
  it.each([
    ['relative to the host', '/up/1?state=%2Fa%20b+c', 'PATCH /up/1?state=%2Fa%20b+c'],
    ['relative to the request', '1', `PATCH ${UPLOADS}1`],
  ])('goes to a Location %s', async (_what, location, expected) => {
    registry.on(`POST ${UPLOADS}`, session(location));
    registry.on('PATCH *', session('/up/2?s=%2F'));
    registry.on('PUT *', created);
    await sink.putBlob(BLOB, open, signal);
    const digest = encodeURIComponent(BLOB.digest);
    expect(registry.log()).toEqual([
      `POST ${UPLOADS}`,
      expected,
      `PUT /up/2?s=%2F&digest=${digest}`,
    ]);
    expect(registry.requests[1]?.body.equals(LAYER)).toBe(true);
  });

  it('is asked of its source from where that broke off, within one upload', async () => {
    registry.on(`POST ${UPLOADS}`, session('/up/1'));
    registry.on('PATCH *', session('/up/1'));
    registry.on('PUT *', created);
    const starts: number[] = [];
    const breaking = async (start: number) => {
      starts.push(start);
      return (async function* () {
        yield LAYER.subarray(start, start + 30_000);
        if (start + 30_000 < LAYER.length) throw mirrorError('upstream-unavailable', 'cut');
      })();
    };
    await sink.putBlob(BLOB, breaking, signal);
    expect(starts).toEqual([0, 30_000, 60_000]);
    expect(registry.requests[1]?.body.equals(LAYER)).toBe(true);
  });

  it('is given up when its source brings a few bytes and breaks off, again and again', async () => {
    registry.on(`POST ${UPLOADS}`, session('/up/1'));
    registry.on('PATCH *', session('/up/1'));
    registry.on('DELETE *', status(204, {}, ''));
    let opened = 0;
    const dripping = async (start: number) => {
      opened++;
      return (async function* () {
        yield LAYER.subarray(start, start + 10);
        throw mirrorError('upstream-unavailable', 'cut');
      })();
    };
    await expect(sink.putBlob(BLOB, dripping, signal)).rejects.toMatchObject({
      code: 'upstream-unavailable',
    });
    expect(opened).toBeLessThanOrEqual(10);
  });

  it('is sent again in a new upload when the first one breaks', async () => {
    registry.on(`POST ${UPLOADS}`, session('/up/1'), session('/up/2'));
    registry.on('PATCH /up/1', hangUp);
    registry.on('PATCH /up/2', session('/up/2'));
    registry.on('PUT *', created);
    await sink.putBlob(BLOB, open, signal);
    expect(registry.requests.find(({ path }) => path === '/up/2')?.body.equals(LAYER)).toBe(true);
  });

  it('is not sent again when only the answer was lost', async () => {
    registry.on(`POST ${UPLOADS}`, session('/up/1'));
    registry.on('PATCH *', session('/up/1'));
    registry.on('PUT *', hangUp);
    registry.on(`HEAD /v2/app/blobs/${BLOB.digest}`, status(200));
    await sink.putBlob(BLOB, open, signal);
    expect(registry.log().filter((line) => line.startsWith('PATCH'))).toHaveLength(1);
  });

  it('leaves no upload behind when the bytes are wrong', async () => {
    registry.on(`POST ${UPLOADS}`, session('/up/1'));
    registry.on('PATCH *', session('/up/1'));
    registry.on('DELETE *', status(204, {}, ''));
    await expect(sink.putBlob(BLOB, wrong, signal)).rejects.toMatchObject({
      code: 'upstream-corrupt',
    });
    expect(registry.log()).toContain('DELETE /up/1');
    expect(registry.log().some((line) => line.startsWith('PUT'))).toBe(false);
  });
});

describe('a blob that the registry has elsewhere', () => {
  const mount = `POST ${UPLOADS}?mount=${BLOB.digest}&from=base`;
  beforeEach(async () => {
    registry.on(`HEAD /v2/base/blobs/${BLOB.digest}`, status(200));
    expect(await client.repository(RepositoryName.parse('base')).hasBlob(BLOB, signal)).toBe(true);
  });

  it('is mounted', async () => {
    registry.on(`POST ${UPLOADS}`, created);
    expect(await sink.hasBlob(BLOB, signal)).toBe(true);
    expect(registry.log()).toContain(mount);
  });

  it.each<[string, ScriptedAnswer]>([
    ['opens an upload instead', session('/up/1')],
    ['refuses', status(403)],
    ['fails', status(500)],
  ])('is sent when the registry %s', async (_what, answer) => {
    registry.on(`POST ${UPLOADS}`, answer);
    registry.on('DELETE *', status(204, {}, ''));
    expect(await sink.hasBlob(BLOB, signal)).toBe(false);
  });
});

describe('the tags of a manifest', () => {
  const tags = ['a', 'b', 'c'].map((tag) => Tag.parse(tag));

  it('go with it in one request where the registry says so', async () => {
    registry.on('PUT *', status(201, { 'oci-tag': 'a, b, c' }, ''));
    await sink.putManifest(IMAGE, tags, signal);
    expect(puts()).toEqual([at(`${IMAGE.digest}?tag=a&tag=b&tag=c`)]);
  });

  it('go one by one where it does not, which is found out once', async () => {
    registry.on('PUT *', created);
    await sink.putManifest(IMAGE, tags, signal);
    await sink.putManifest(IMAGE, tags, signal);
    const one = [at('a'), at('b'), at('c')];
    expect(puts()).toEqual([at(`${IMAGE.digest}?tag=a&tag=b&tag=c`), ...one, ...one]);
  });

  it('are one request when there is one', async () => {
    registry.on('PUT *', created);
    await sink.putManifest(IMAGE, tags.slice(0, 1), signal);
    expect(puts()).toEqual([at('a')]);
  });

  it('are none, and the manifest goes by its digest', async () => {
    registry.on('PUT *', created);
    await sink.putManifest(IMAGE, [], signal);
    expect(puts()).toEqual([at(IMAGE.digest)]);
  });

  it('are not set when the registry has stored something else', async () => {
    const other = `sha256:${'0'.repeat(64)}`;
    registry.on('PUT *', status(201, { 'docker-content-digest': other }, ''));
    await expect(sink.putManifest(IMAGE, tags, signal)).rejects.toMatchObject({
      code: 'upstream-corrupt',
    });
  });
});

describe('a referrer', () => {
  const [referrer] = CONTENT.manifests.slice(-1);
  const fallback = `/v2/app/manifests/${IMAGE.digest.replace(':', '-')}`;

  it('is listed by the registry where it says so', async () => {
    registry.on('PUT *', status(201, { 'oci-subject': IMAGE.digest }, ''));
    await sink.putManifest(referrer ?? IMAGE, [], signal);
    expect(registry.requests).toHaveLength(1);
  });

  it('is added to the fallback tag elsewhere, once', async () => {
    registry.on('PUT *', created);
    await sink.putManifest(referrer ?? IMAGE, [], signal);
    const [, , put] = registry.requests;
    expect(put).toMatchObject({ method: 'PUT', path: fallback });
    registry.on(`GET ${fallback}`, json(JSON.parse(put?.body.toString() ?? '')), honestly);
    await sink.putManifest(referrer ?? IMAGE, [], signal);
    expect(registry.log().filter((line) => line === `PUT ${fallback}`)).toHaveLength(1);
  });
});

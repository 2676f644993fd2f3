// What an upstream may do to us, and what comes of it (reliability S11 to S14): no credentials where
// they do not belong, no connection where we do not go, no bytes without end, and a plain error.
import { Digest, type Reference, RepositoryName, Tag } from '@portolan/oci';
import { inspect } from 'node:util';
import { gzipSync } from 'node:zlib';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { createRegistryClient, type RegistryClient } from '../../src/client/registry-client.ts';
import type { UpstreamSettings } from '../../src/client/upstream-settings.ts';
import type { MirrorError } from '../../src/errors.ts';
import type { SinkRepository, SourceRepository } from '../../src/places/place.ts';
import { clientDeps, type TestClientDeps } from '../fixtures/client-deps.ts';
import {
  bytes,
  challenge,
  cutAfter,
  endless,
  hangUp,
  honestly,
  json,
  notHttp,
  redirect,
  type ScriptedAnswer,
  type ScriptedRegistry,
  silent,
  startScriptedRegistry,
  status,
  trickle,
} from '../fixtures/scripted-registry.ts';
import { collect, describeBytes, inParts, sample } from '../places/sample-content.ts';

const signal = new AbortController().signal;
const CONTENT = sample();
const IMAGE = CONTENT.first.manifest;
const LAYER = CONTENT.first.blobs[1] ?? Buffer.alloc(0);
const LAYER_DESCRIPTOR = describeBytes(LAYER);
const LATEST: Reference = { kind: 'tag', tag: Tag.parse('latest') };
const BY_DIGEST: Reference = { kind: 'digest', digest: IMAGE.digest };
/** As long as they are. */
const TOKEN = `eyJ${'t0ken'.repeat(40)}`;
const OTHER_DIGEST = Digest.of('sha256', 'f'.repeat(64));

const TAGS = 'GET /v2/app/tags/list';
const MANIFEST = 'GET /v2/app/manifests/latest';
const MANIFEST_BY_DIGEST = `GET /v2/app/manifests/${IMAGE.digest}`;
const HEAD = 'HEAD /v2/app/manifests/latest';
const BLOB = `GET /v2/app/blobs/${LAYER_DESCRIPTOR.digest}`;
const REFERRERS = `GET /v2/app/referrers/${IMAGE.digest}`;
const UPLOADS = 'POST /v2/app/blobs/uploads/';

/** Somewhere else: another name for this machine, so another host to the client. */
let registry: ScriptedRegistry;
let elsewhere: ScriptedRegistry;
let deps: TestClientDeps;
let client: RegistryClient;
let repository: SourceRepository & SinkRepository;

const foreign = (path: string): string => `http://localhost:${elsewhere.port}${path}`;

function connect(settings: Partial<UpstreamSettings> = {}): void {
  deps = clientDeps(
    {
      endpoint: registry.url,
      credentials: { kind: 'basic', username: 'robot', password: 'hunter2' },
      ...settings,
    },
    {
      limits: {
        progressWindowMs: 300,
        answerTimeoutMs: 1000,
        maxTags: 5000,
        maxReferrers: 5000,
        maxPages: 20,
      },
    },
  );
  client = createRegistryClient(deps);
  repository = client.repository(RepositoryName.parse('app'));
}

beforeEach(async () => {
  registry = await startScriptedRegistry();
  elsewhere = await startScriptedRegistry();
  registry.serve('app', CONTENT);
  elsewhere.serve('app', CONTENT);
  connect();
});

afterEach(async () => {
  await client.close();
  await registry.stop();
  await elsewhere.stop();
});

const tags = () => repository.tags(signal);
const head = () => repository.head(LATEST, signal);
const manifest = () => repository.manifest(LATEST, signal);
const byDigest = () => repository.manifest(BY_DIGEST, signal);
const blob = async () => collect(await repository.blob(LAYER_DESCRIPTOR, 0, signal));
const rest = async () => collect(await repository.blob(LAYER_DESCRIPTOR, 1000, signal));
const referrers = () => repository.referrers(IMAGE.digest, signal);
const push = () =>
  repository.putBlob(LAYER_DESCRIPTOR, async (from) => inParts(LAYER.subarray(from)), signal);

const wrongDigest = { 'docker-content-digest': OTHER_DIGEST };
const imageType = { 'content-type': IMAGE.mediaType };
const nextTags = (url: string) => json({ tags: ['a'] }, { link: `<${url}>; rel="next"` });

/** Pages of so many, each with a next one behind it. */
function moreReferrers(count: number): ScriptedAnswer {
  return (response, request) => {
    const from = Number(/from=(\d+)/.exec(request.path)?.[1] ?? 0);
    const manifests = Array.from({ length: count }, (_, index) => ({
      mediaType: IMAGE.mediaType,
      digest: Digest.of('sha256', (from + index).toString(16).padStart(64, '0')),
      size: 1,
    }));
    const { mediaType } = CONTENT.index;
    const headers = { 'content-type': mediaType, link: `</x?from=${from + count}>; rel="next"` };
    return json({ schemaVersion: 2, mediaType, manifests }, headers)(response, request);
  };
}

interface Row {
  readonly name: string;
  readonly route: string;
  readonly answers: () => readonly (ScriptedAnswer | typeof honestly)[];
  readonly act: () => Promise<unknown>;
  readonly code: string;
  /** Requests that the registry saw; undefined: any number. */
  readonly requests?: number;
}

// biome-ignore format: a table reads best as a table
const ROWS: readonly Row[] = [
  // Bytes without end, or not the right ones.
  { name: 'a manifest without end', route: MANIFEST, answers: () => [endless(imageType)], act: manifest, code: 'upstream-corrupt', requests: 1 },
  { name: 'a manifest that says it is huge', route: MANIFEST, answers: () => [status(200, { 'content-length': '99999999999' }, '')], act: manifest, code: 'upstream-corrupt', requests: 1 },
  { name: 'a list of tags without end', route: TAGS, answers: () => [endless()], act: tags, code: 'upstream-corrupt', requests: 1 },
  { name: 'referrers without end', route: REFERRERS, answers: () => [endless({ 'content-type': 'application/json' })], act: referrers, code: 'upstream-corrupt', requests: 1 },
  { name: 'more and more referrers', route: REFERRERS, answers: () => [moreReferrers(1000)], act: referrers, code: 'upstream-corrupt', requests: 6 },
  { name: 'more and more pages of referrers', route: REFERRERS, answers: () => [moreReferrers(1)], act: referrers, code: 'upstream-corrupt', requests: 20 },
  { name: 'an error without end', route: MANIFEST, answers: () => [endless({}, 403)], act: manifest, code: 'upstream-denied', requests: 1 },
  { name: 'a manifest that was compressed unasked', route: MANIFEST, answers: () => [bytes(gzipSync(Buffer.alloc(50_000_000)), { ...imageType, 'content-encoding': 'gzip' })], act: manifest, code: 'upstream-corrupt', requests: 1 },
  { name: 'an empty manifest', route: MANIFEST, answers: () => [bytes(Buffer.alloc(0), imageType)], act: manifest, code: 'upstream-corrupt' },
  { name: 'a web page as manifest', route: MANIFEST, answers: () => [bytes(Buffer.from('<html>'), { 'content-type': 'text/html' })], act: manifest, code: 'upstream-corrupt' },
  { name: 'a manifest that nests without end', route: MANIFEST, answers: () => [bytes(Buffer.from('['.repeat(1_000_000)), imageType)], act: manifest, code: 'upstream-corrupt' },
  { name: 'a manifest of another type than it says', route: MANIFEST, answers: () => [bytes(IMAGE.body, { 'content-type': CONTENT.index.mediaType })], act: manifest, code: 'upstream-corrupt' },
  { name: 'a manifest with the digest of another', route: MANIFEST, answers: () => [bytes(IMAGE.body, { ...imageType, ...wrongDigest })], act: manifest, code: 'upstream-corrupt' },
  { name: 'another manifest than the digest asked for', route: MANIFEST_BY_DIGEST, answers: () => [bytes(CONTENT.second.manifest.body, imageType)], act: byDigest, code: 'upstream-corrupt' },
  { name: 'a digest that is a path', route: HEAD, answers: () => [status(200, { 'docker-content-digest': 'sha256:../../etc/passwd' })], act: async () => { registry.on(MANIFEST, bytes(IMAGE.body, { ...imageType, 'docker-content-digest': 'sha256:../../etc/passwd' })); return head(); }, code: 'upstream-corrupt' },
  { name: 'a list of tags that is not JSON', route: TAGS, answers: () => [bytes(Buffer.from('<html>'))], act: tags, code: 'upstream-corrupt' },
  { name: 'a list of tags that is no list', route: TAGS, answers: () => [json({ tags: 'latest' })], act: tags, code: 'upstream-corrupt' },
  { name: 'pages of tags in a circle', route: TAGS, answers: () => [nextTags('/v2/app/tags/list?last=a')], act: tags, code: 'upstream-corrupt', requests: 2 },
  { name: 'more and more tags', route: TAGS, answers: () => [(r, q) => { const last = Number(/last=(\d+)/.exec(q.path)?.[1] ?? 0); const names = Array.from({ length: 1000 }, (_, i) => `t${last + i}`); void json({ tags: names }, { link: `</x?last=${last + 1000}>; rel="next"` })(r, q); }], act: tags, code: 'upstream-corrupt', requests: 6 },
  { name: 'a next page whose address is too long', route: TAGS, answers: () => [nextTags(`/x?last=${'a'.repeat(9000)}`)], act: tags, code: 'upstream-corrupt', requests: 1 },
  { name: 'more and more pages of tags', route: TAGS, answers: () => [(r, q) => { const last = Number(/last=(\d+)/.exec(q.path)?.[1] ?? 0); void json({ tags: [`t${last}`] }, { link: `</x?last=${last + 1}>; rel="next"` })(r, q); }], act: tags, code: 'upstream-corrupt', requests: 20 },
  { name: 'millions of tags that are nothing', route: TAGS, answers: () => [bytes(Buffer.from(`{"tags":[${'"",'.repeat(5_500_000)}""]}`))], act: tags, code: 'upstream-corrupt', requests: 1 },
  { name: 'lists in lists instead of tags', route: TAGS, answers: () => [bytes(Buffer.from(`{"tags":${'['.repeat(8_000_000)}${']'.repeat(8_000_000)}}`))], act: tags, code: 'upstream-corrupt', requests: 1 },
  { name: 'a blob of another length', route: BLOB, answers: () => [bytes(LAYER.subarray(1))], act: blob, code: 'upstream-corrupt', requests: 1 },
  { name: 'a blob without end', route: BLOB, answers: () => [endless()], act: blob, code: 'upstream-corrupt', requests: 1 },
  { name: 'a blob that was cut off', route: BLOB, answers: () => [cutAfter(LAYER, 1000)], act: blob, code: 'upstream-unavailable', requests: 1 },
  { name: 'another range than asked for', route: BLOB, answers: () => [status(206, { 'content-range': `bytes 0-${LAYER.length - 1}/${LAYER.length}` }, '')], act: rest, code: 'upstream-corrupt', requests: 1 },
  { name: 'several ranges at once', route: BLOB, answers: () => [status(206, { 'content-type': 'multipart/byteranges; boundary=x' }, '')], act: rest, code: 'upstream-corrupt', requests: 1 },
  // Slow, dead and busy.
  { name: 'a manifest byte by byte', route: MANIFEST, answers: () => [trickle(IMAGE.body, 50, imageType)], act: manifest, code: 'upstream-unavailable', requests: 5 },
  { name: 'a blob byte by byte', route: BLOB, answers: () => [trickle(LAYER, 50)], act: blob, code: 'upstream-unavailable', requests: 1 },
  { name: 'no answer at all', route: HEAD, answers: () => [silent], act: head, code: 'upstream-unavailable', requests: 5 },
  { name: 'a connection that ends', route: MANIFEST, answers: () => [hangUp], act: manifest, code: 'upstream-unavailable', requests: 5 },
  { name: 'a manifest that is always cut off', route: MANIFEST, answers: () => [cutAfter(IMAGE.body, 10, imageType)], act: manifest, code: 'upstream-unavailable', requests: 5 },
  { name: '500, always', route: MANIFEST, answers: () => [status(500)], act: manifest, code: 'upstream-unavailable', requests: 5 },
  { name: '429, always', route: MANIFEST, answers: () => [status(429)], act: manifest, code: 'upstream-limited', requests: 5 },
  { name: '429 for an hour', route: MANIFEST, answers: () => [status(429, { 'retry-after': '3600' })], act: manifest, code: 'upstream-limited', requests: 1 },
  { name: '429 as the pull limit is used up', route: MANIFEST, answers: () => [status(429, { 'ratelimit-limit': '100;w=21600', 'ratelimit-remaining': '0;w=21600' })], act: manifest, code: 'upstream-limited', requests: 1 },
  // What no registry says.
  ...[400, 402, 405, 418].map((code) => ({ name: `status ${code}`, route: MANIFEST, answers: () => [status(code)], act: manifest, code: 'upstream-unexpected', requests: 1 })),
  { name: 'something that is no HTTP', route: MANIFEST, answers: () => [notHttp], act: manifest, code: 'upstream-unexpected', requests: 1 },
  // Elsewhere.
  { name: 'redirects in a circle', route: BLOB, answers: () => [redirect(`/v2/app/blobs/${LAYER_DESCRIPTOR.digest}`)], act: blob, code: 'upstream-unexpected', requests: 1 },
  { name: 'redirects without end', route: 'GET *', answers: () => [(r, q) => { void redirect(`${q.path}x`)(r, q); }], act: blob, code: 'upstream-unexpected', requests: 6 },
  { name: 'a redirect to nowhere', route: BLOB, answers: () => [status(307)], act: blob, code: 'upstream-unexpected', requests: 1 },
  { name: 'a redirect to the metadata service', route: BLOB, answers: () => [redirect('http://169.254.169.254/latest/meta-data/')], act: blob, code: 'egress-refused', requests: 1 },
  { name: 'a redirect to a private address as a number', route: BLOB, answers: () => [redirect('http://0xa000001/')], act: blob, code: 'egress-refused', requests: 1 },
  { name: 'a redirect to a file', route: BLOB, answers: () => [redirect('file:///etc/passwd')], act: blob, code: 'egress-refused', requests: 1 },
  { name: 'a redirect with credentials in it', route: BLOB, answers: () => [redirect('http://a:b@localhost/')], act: blob, code: 'egress-refused', requests: 1 },
  { name: 'a next page elsewhere', route: TAGS, answers: () => [nextTags(foreign('/v2/app/tags/list?last=a'))], act: tags, code: 'egress-refused', requests: 1 },
  { name: 'an upload elsewhere', route: UPLOADS, answers: () => [status(202, { location: foreign('/upload') })], act: push, code: 'egress-refused', requests: 1 },
  { name: 'an upload that is redirected', route: UPLOADS, answers: () => [redirect(foreign('/v2/app/blobs/uploads/'))], act: push, code: 'egress-refused', requests: 1 },
  { name: 'a realm elsewhere', route: MANIFEST, answers: () => [challenge(foreign('/token'))], act: manifest, code: 'egress-refused', requests: 1 },
  { name: 'a realm on the metadata service', route: MANIFEST, answers: () => [challenge('http://169.254.169.254/token')], act: manifest, code: 'egress-refused', requests: 1 },
  { name: 'a realm that is no URL', route: MANIFEST, answers: () => [challenge('/token')], act: manifest, code: 'egress-refused', requests: 1 },
  { name: 'a realm on another port', route: MANIFEST, answers: () => [challenge(`http://127.0.0.1:${elsewhere.port}/token`)], act: manifest, code: 'egress-refused', requests: 1 },
  { name: 'a challenge that nobody knows', route: MANIFEST, answers: () => [status(401, { 'www-authenticate': 'Negotiate' })], act: manifest, code: 'upstream-denied', requests: 1 },
  { name: 'no challenge', route: MANIFEST, answers: () => [status(401)], act: manifest, code: 'upstream-denied', requests: 1 },
];

/** 404, whose body never ends and comes byte by byte. */
const dripping: ScriptedAnswer = (response) => {
  response.writeHead(404, { 'content-type': 'application/json' });
  const drip = setInterval(() => response.write(' '), 50);
  response.on('close', () => clearInterval(drip));
};

const BASIC = `Basic ${Buffer.from('robot:hunter2').toString('base64')}`;

const denied = (text: string, headers = {}) =>
  status(403, headers, JSON.stringify({ errors: [{ code: 'DENIED', message: text }] }));
const realmHere = () => `${registry.url}/token`;

describe('a hostile upstream', () => {
  it.each(ROWS)('gets nowhere with $name', async ({ route, answers, act, code, requests }) => {
    registry.on(route, ...answers());
    await expect(act()).rejects.toMatchObject({ code });
    expect(elsewhere.credentialsSeen()).toBe(0);
    expect(registry.credentialsSeen()).toBe(0);
    if (requests !== undefined) {
      const [, path = ''] = route.split(' ');
      const seen = registry.requests.filter((request) =>
        path === '*' ? true : request.path.split('?')[0] === path,
      );
      expect(seen).toHaveLength(requests);
    }
  });

  it('sees no credentials in a blob that it redirects elsewhere, and the blob is fetched', async () => {
    const realm = `${registry.url}/token`;
    registry.on('GET /token', json({ token: 'secret', expires_in: 300 }));
    registry.on(BLOB, challenge(realm), redirect(foreign('/cdn?signature=x')));
    elsewhere.on('GET /cdn', bytes(LAYER));
    expect((await blob()).equals(LAYER)).toBe(true);
    expect(elsewhere.requests).toHaveLength(1);
    expect(elsewhere.credentialsSeen()).toBe(0);
    expect(registry.credentialsSeen()).toBe(2);
  });

  it('cannot ask for the password from where it redirects to', async () => {
    registry.on(BLOB, redirect(foreign('/cdn')));
    elsewhere.on('GET /cdn', status(401, { 'www-authenticate': 'Basic realm="x"' }));
    await expect(blob()).rejects.toMatchObject({ code: 'upstream-denied' });
    expect(elsewhere.credentialsSeen() + registry.credentialsSeen()).toBe(0);
  });

  it('cannot have its token service redirect the password', async () => {
    registry.on(MANIFEST, challenge(`${registry.url}/token`));
    registry.on('GET /token', redirect(foreign('/token')));
    await expect(manifest()).rejects.toMatchObject({ code: 'egress-refused' });
    expect(elsewhere.requests).toHaveLength(0);
  });

  it.each([
    ['huge', endless(), 'upstream-corrupt'],
    ['not JSON', bytes(Buffer.from('token')), 'upstream-unexpected'],
    ['with a header in it', json({ token: 'a\r\nx: y' }), 'upstream-unexpected'],
    ['empty', json({}), 'upstream-unexpected'],
  ])('gets nowhere with a token that is %s', async (_what, answer, code) => {
    registry.on(MANIFEST, challenge(`${registry.url}/token`));
    registry.on('GET /token', answer);
    await expect(manifest()).rejects.toMatchObject({ code });
  });

  it('lists names that are no tags to nobody', async () => {
    registry.on(
      TAGS,
      json({ tags: ['ok', '../../etc', '.hidden', 'a/b', 'x'.repeat(129), 7, null] }),
    );
    expect(await tags()).toEqual(['ok']);
  });

  it('chooses of the next page only the query', async () => {
    const link = { link: '</v2/../../secret/list?last=ok&n=1>; rel="next"' };
    registry.on(TAGS, json({ tags: ['ok'] }, link), json({ tags: ['z'] }));
    expect(await tags()).toEqual(['ok', 'z']);
    expect(registry.log()).toEqual([`${TAGS}?n=1000`, `${TAGS}?last=ok&n=1`]);
  });

  it('has its words cleaned before anybody reads them', async () => {
    const text = JSON.stringify({
      errors: [{ code: 'DENIED', message: `\u001b[2J${'x'.repeat(999)}` }],
    });
    registry.on(MANIFEST, status(403, {}, text));
    const error: unknown = await manifest().catch((thrown: unknown) => thrown);
    expect(error).toMatchObject({ code: 'upstream-denied' });
    expect(String(error)).toMatch(/^[\x20-\x7e]{1,400}$/);
  });

  // biome-ignore format: a table reads best as a table
  it.each<[string, (say: (text: string) => void) => void]>([
    ['an error', (say) => registry.on(MANIFEST, challenge(realmHere()), (r, q) => {
      say(q.headers.authorization ?? '');
      void denied(`you sent ${q.headers.authorization}!`)(r, q);
    })],
    ['an error of its token service', (say) => {
      registry.on(MANIFEST, challenge(realmHere()));
      registry.on('GET /token', (r, q) => {
        say(q.headers.authorization ?? '');
        void denied(`${q.headers.authorization} is robot:hunter2, hunter2`)(r, q);
      });
    }],
    ['an error that is cut in the middle of it', (say) => registry.on(MANIFEST, challenge(realmHere()), (r, q) => {
      say(q.headers.authorization ?? '');
      void denied(`${'x'.repeat(180)} ${q.headers.authorization}`)(r, q);
    })],
    ['an error after it had asked for Basic', (say) => registry.on(MANIFEST, status(401, { 'www-authenticate': 'Basic realm="x"' }), (r, q) => {
      say(q.headers.authorization ?? '');
      void denied(`you sent ${q.headers.authorization}!`)(r, q);
    })],
    ['another realm', (say) => registry.on(MANIFEST, challenge(realmHere()), (r, q) => {
      say(q.headers.authorization ?? '');
      const text = encodeURIComponent(q.headers.authorization ?? '');
      void challenge(foreign(`/token?${text}&hunter2`))(r, q);
    })],
    ['its pull limit', (say) => registry.on(MANIFEST, challenge(realmHere()), (r, q) => {
      say(q.headers.authorization ?? '');
      const source = q.headers.authorization ?? '';
      const limits = { 'ratelimit-limit': '9', 'ratelimit-remaining': '9' };
      void denied('no', { ...limits, 'docker-ratelimit-source': source })(r, q);
    })],
  ])('that says our login back in %s is not repeated', async (_what, script) => {
    const sent: string[] = [];
    registry.on('GET /token', json({ token: TOKEN, expires_in: 300 }));
    script((text) => sent.push(text.replace(/^\w+ /, '')));
    const error: unknown = await manifest().catch((thrown: unknown) => thrown);
    expect(error).toMatchObject({ name: 'DomainError' });
    const shown = inspect([error, client.quota()], { depth: 9 });
    expect(sent.filter((text) => text !== '')).not.toEqual([]);
    for (const secret of [...sent, 'hunter2', BASIC.slice(6, 16), TOKEN.slice(0, 10)]) {
      if (secret !== '') expect(shown).not.toContain(secret);
    }
  });

  it('cannot hold all connections with answers that nobody wants', async () => {
    registry.on(MANIFEST, dripping);
    await Promise.all(Array.from({ length: 40 }, () => manifest()));
    expect(await head()).toMatchObject({ digest: IMAGE.digest });
  });

  it('that lets us wait is left alone as soon as the caller has gone', async () => {
    registry.on(HEAD, silent);
    const gone = new AbortController();
    const asked = repository.head(LATEST, gone.signal);
    await expect.poll(() => registry.requests).toHaveLength(1);
    gone.abort(new Error('gone'));
    await expect(asked).rejects.toThrow('gone');
    expect(registry.requests).toHaveLength(1);
  });
});

describe('a token service that says nothing', () => {
  it('is left alone as soon as the caller has gone', async () => {
    registry.on(HEAD, challenge(`${registry.url}/token`));
    registry.on('GET /token', silent);
    const gone = new AbortController();
    const asked = repository.head(LATEST, gone.signal);
    await expect.poll(() => registry.log().join()).toContain('GET /token');
    gone.abort(new Error('gone'));
    const started = performance.now();
    await expect(asked).rejects.toThrow('gone');
    expect(performance.now() - started).toBeLessThan(5000);
  });
});

const USED_UP = { 'ratelimit-limit': '100;w=21600', 'ratelimit-remaining': '0;w=21600' } as const;

describe('an upstream with a bad day', () => {
  it.each<[string, ScriptedAnswer]>([
    ['500', status(500)],
    ['503 with Retry-After', status(503, { 'retry-after': '7' })],
    ['429 with Retry-After', status(429, { 'retry-after': '7' })],
    ['a hang-up', hangUp],
    ['a cut answer', cutAfter(IMAGE.body, 10, imageType)],
  ])('is asked again after %s', async (_what, answer) => {
    registry.on(MANIFEST, answer, answer, honestly);
    expect((await manifest())?.digest).toBe(IMAGE.digest);
    expect(registry.requests).toHaveLength(3);
  });

  it('is given the time that it asks for', async () => {
    registry.on(MANIFEST, status(429, { 'retry-after': '20' }), honestly);
    await manifest();
    expect(deps.slept.reduce((sum, ms) => sum + ms, 0)).toBeGreaterThanOrEqual(20_000);
  });

  it.each<[string, Readonly<Record<string, string>>, number | undefined]>([
    ['by Retry-After', { 'retry-after': '3600' }, 3600],
    ['by the window of a pull limit that is used up', USED_UP, 21_600],
    ['by both, where the first is right', { ...USED_UP, 'retry-after': '900' }, 900],
    ['not at all', { ...USED_UP, 'ratelimit-limit': '100', 'ratelimit-remaining': '0' }, undefined],
  ])('says when to come back: %s', async (_how, headers, seconds) => {
    const now = deps.clock();
    registry.on(MANIFEST, status(429, headers));
    const error: unknown = await manifest().catch((thrown: unknown) => thrown);
    expect(error).toMatchObject({ code: 'upstream-limited' });
    const retryAt = seconds === undefined ? undefined : now + seconds * 1000;
    expect((error as MirrorError).detail['retryAt']).toBe(retryAt);
  });

  it('is waited for where its pull limit ends in a moment', async () => {
    registry.on(MANIFEST, status(429, { ...USED_UP, 'retry-after': '7' }), honestly);
    expect((await manifest())?.digest).toBe(IMAGE.digest);
  });

  it('gives the rest of a blob, though it knows no ranges', async () => {
    registry.on(BLOB, bytes(LAYER));
    expect((await rest()).equals(LAYER.subarray(1000))).toBe(true);
  });

  it('tells no digest by HEAD, and is asked by GET', async () => {
    registry.on(HEAD, status(200));
    expect(await head()).toMatchObject({ digest: IMAGE.digest, size: IMAGE.body.length });
  });

  it('knows no HEAD, and is asked by GET', async () => {
    registry.on(HEAD, status(405));
    expect(await head()).toMatchObject({ digest: IMAGE.digest });
  });

  it('serves manifests under a vague type', async () => {
    registry.on(MANIFEST, bytes(IMAGE.body, { 'content-type': 'application/json' }));
    expect(await manifest()).toMatchObject({ mediaType: IMAGE.mediaType });
  });

  it('has no referrers API, and keeps a tag instead', async () => {
    registry.on(REFERRERS, status(404));
    const tag = IMAGE.digest.replace(':', '-');
    const [entry] = CONTENT.manifests.slice(-1);
    const { mediaType, digest, body } = entry ?? IMAGE;
    const index = { schemaVersion: 2, manifests: [{ mediaType, digest, size: body.length }] };
    registry.on(`GET /v2/app/manifests/${tag}`, json(index));
    expect((await referrers()).map((found) => found.digest)).toEqual([digest]);
    await referrers();
    expect(registry.log().filter((line) => line === REFERRERS)).toHaveLength(1);
  });
});

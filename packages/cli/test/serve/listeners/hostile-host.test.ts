// Nothing in an answer follows from what a client says of our name (reference S21): not with the header of
// its own, and not with those that a proxy may write, trusted or not.
import { request } from 'node:http';
import { beforeAll, describe, expect, it } from 'vitest';
import {
  adminPassword,
  requestToken,
  type RunningServer,
  scratchDirectory,
  startServer,
  tokenOf,
} from '../start-server.ts';

const REPOSITORY = 'admin/images';
const SCOPE = `repository:${REPOSITORY}:pull,push`;

let server: RunningServer;
let authorization: string;

interface Asked {
  readonly method: string;
  readonly path: string;
  readonly isAnonymous?: true;
}

type Headers = Readonly<Record<string, string>>;

function ask({ method, path, isAnonymous }: Asked, headers: Headers): Promise<Headers> {
  return new Promise((done, fail) => {
    const sent = request(new URL(path, server.address), {
      method,
      headers: { ...(isAnonymous ? {} : { authorization }), ...headers },
      agent: false,
    });
    sent.once('error', fail);
    sent.once('response', (answer) => {
      answer.resume();
      const { location = '', link = '', 'www-authenticate': challenge = '' } = answer.headers;
      const [address] = location.split('?');
      done({
        status: String(answer.statusCode),
        // Each upload has a name of its own.
        location: (address ?? '').replace(/[^/]{20,}$/, 'UPLOAD'),
        link: String(link),
        challenge,
      });
    });
    sent.end();
  });
}

beforeAll(async () => {
  const dataDir = scratchDirectory();
  server = await startServer({
    args: ['serve'],
    env: {
      PORTOLAN_DATA_DIR: dataDir,
      PORTOLAN_PUBLIC_URL: 'https://registry.test',
      PORTOLAN_TRUSTED_PROXIES: '127.0.0.0/8',
    },
  });
  const asked = { service: 'registry.test', scope: SCOPE, password: adminPassword(dataDir) };
  authorization = `Bearer ${await tokenOf(await requestToken(server.address, asked))}`;
  for (const tag of ['a', 'b']) await pushManifest(tag);
});

async function pushManifest(tag: string): Promise<void> {
  const type = 'application/vnd.oci.image.index.v1+json';
  const answer = await fetch(`${server.address}/v2/${REPOSITORY}/manifests/${tag}`, {
    method: 'PUT',
    headers: { authorization, 'content-type': type },
    body: JSON.stringify({ schemaVersion: 2, mediaType: type, manifests: [] }),
  });
  expect(answer.status).toBe(201);
}

const ASKED: [what: string, asked: Asked, part: RegExp][] = [
  [
    'the challenge',
    { method: 'GET', path: '/v2/', isAnonymous: true },
    /"https:\/\/registry\.test\/token"/,
  ],
  ['an upload', { method: 'POST', path: `/v2/${REPOSITORY}/blobs/uploads/` }, /UPLOAD/],
  ['a page of tags', { method: 'GET', path: `/v2/${REPOSITORY}/tags/list?n=1` }, /rel="next"/],
  ['a manifest', { method: 'HEAD', path: `/v2/${REPOSITORY}/manifests/a` }, /200/],
  ['the front page', { method: 'GET', path: '/', isAnonymous: true }, /200/],
];

const HOSTILE: [what: string, headers: Headers][] = [
  ['another Host', { host: 'evil.test' }],
  ['a Host with a port', { host: 'registry.test:1' }],
  ['a Host that is an address', { host: '[2001:db8::1]:443' }],
  ['X-Forwarded-Host', { 'x-forwarded-host': 'evil.test' }],
  ['X-Forwarded-Proto', { 'x-forwarded-proto': 'gopher' }],
  ['X-Forwarded-Port and -Prefix', { 'x-forwarded-port': '1', 'x-forwarded-prefix': '/evil' }],
  ['Forwarded', { forwarded: 'host=evil.test;proto=http' }],
  ['X-Original-URL', { 'x-original-url': '/evil', 'x-rewrite-url': '/evil' }],
  ['a long X-Forwarded-For', { 'x-forwarded-for': `${' ,'.repeat(5000)}x` }],
];

describe.each(ASKED)('%s', (_, asked, part) => {
  it.each(HOSTILE)('is the same with %s', async (__, headers) => {
    const usual = await ask(asked, {});
    expect(Object.values(usual).join(' ')).toMatch(part);
    expect(await ask(asked, headers)).toEqual(usual);
  });

  it.each(['registry.test@evil.test', 'evil.test/x', 'a b', 'x%00'])(
    'is refused to the Host %j',
    async (host) => {
      expect(await ask(asked, { host })).toMatchObject({ status: '400', location: '' });
    },
  );
});

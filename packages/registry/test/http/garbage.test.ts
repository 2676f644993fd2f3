import net from 'node:net';
import * as fc from 'fast-check';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { ROUTES } from '../../src/http/routes.ts';
import { digestOf, pushArtifact } from '../support/content.ts';
import { startRegistry, type TestRegistry } from '../support/start-registry.ts';
import { repositoryAccess } from '../support/tokens.ts';

const NAME = 'team/app';

let registry: TestRegistry;
let authorization: string;
let upload: string;

beforeAll(async () => {
  registry = await startRegistry();
  await pushArtifact(registry, NAME, 'latest');
  const access = [
    repositoryAccess(NAME, 'pull', 'push', 'delete'),
    { type: 'registry', name: 'catalog', actions: ['*'] },
  ];
  authorization = `Bearer ${await registry.sign({ access, lifetimeSeconds: 9000 })}`;
  const begun = await registry.request(`/v2/${NAME}/blobs/uploads/`, {
    method: 'POST',
    headers: { authorization },
  });
  upload = begun.headers.location?.split('/').at(-1) ?? '';
});

afterAll(() => registry.close());

const NASTY = [
  '..',
  '../../etc/passwd',
  '%2e%2e%2f',
  '%00',
  '%ff',
  '%',
  "' OR 1=1 --",
  '\u{1F600}',
  'a'.repeat(3000),
  'sha256:',
  `sha256:${'A'.repeat(64)}`,
  `sha512:${'0'.repeat(64)}`,
  `sha256:${'0'.repeat(64)}`,
  '__proto__',
  'constructor',
  'latest',
  '-1',
  '1e9',
  '\u0000',
];

/** Text that may stand in a request line or a header: no control character, no space in a path. */
const printable = fc
  .string({ unit: fc.integer({ min: 0x21, max: 0x7e }).map((c) => String.fromCharCode(c)) })
  .filter((text) => !/[#?]/.test(text));
const segment = fc.oneof(
  printable,
  fc.constantFrom(...NASTY).map(encodeURI),
  printable.map(encodeURIComponent),
);
const value = fc.oneof(printable, fc.constantFrom(...NASTY).map(encodeURIComponent));
const query = fc.dictionary(
  fc.constantFrom(
    'n',
    'last',
    'digest',
    'mount',
    'from',
    'tag',
    'artifactType',
    'digest-algorithm',
  ),
  value,
  { maxKeys: 3 },
);
const headerValue = fc.oneof(
  printable,
  fc.constantFrom('bytes=0-1', 'bytes=5-1', '*', '""', 'W/"x"', '0-0', '9-1', 'a/b', 'gzip'),
);
const headers = fc.dictionary(
  fc.constantFrom(
    'range',
    'if-range',
    'if-match',
    'if-none-match',
    'content-range',
    'content-type',
    'accept',
  ),
  headerValue,
  { maxKeys: 3 },
);
const body = fc.oneof(fc.constant(undefined), fc.uint8Array({ maxLength: 200 }));

/** One exchange over a raw socket, since a client library would refuse to send much of this. */
function rawStatus(text: string, payload: Uint8Array | undefined): Promise<number> {
  return new Promise((resolve, reject) => {
    const socket = net.connect(registry.port);
    socket.write(text);
    if (payload !== undefined) socket.write(payload);
    let answer = '';
    socket.on('data', (chunk) => {
      answer += chunk.toString('latin1');
    });
    socket.on('close', () => resolve(Number(/^HTTP\/1\.1 (\d{3})/.exec(answer)?.[1])));
    socket.on('error', reject);
  });
}

function requestText(
  method: string,
  target: string,
  extra: Readonly<Record<string, string>>,
  payload: Uint8Array | undefined,
): string {
  const lines = [`${method} ${target} HTTP/1.1`, 'Host: x', 'Connection: close'];
  for (const [name, content] of Object.entries(extra)) lines.push(`${name}: ${content}`);
  if (payload !== undefined) lines.push(`Content-Length: ${payload.length}`);
  return `${lines.join('\r\n')}\r\n\r\n`;
}

function fill(pattern: string, name: string, parameter: string): string {
  return pattern.replace('<name>', () => name).replace(/<\w+>$/, () => parameter);
}

const isBelow500 = (status: number): boolean => status >= 200 && status < 500;

describe('garbage', () => {
  it.each(ROUTES.map(({ name, method, pattern }) => [name, method, pattern] as const))(
    'on %s is never a 5xx',
    async (_, method, pattern) => {
      const known = fc.constantFrom('latest', upload, digestOf('x'), digestOf('{}'));
      const request = fc.record({
        name: fc.oneof(fc.constant(NAME), fc.constant(NAME), fc.constant(NAME), segment),
        parameter: fc.oneof(segment, known),
        query,
        headers,
        body,
      });
      await fc.assert(
        fc.asyncProperty(request, async (r) => {
          const search = Object.entries(r.query).map((pair) => pair.join('='));
          const path = fill(pattern, r.name, r.parameter);
          const target = search.length === 0 ? path : `${path}?${search.join('&')}`;
          const text = requestText(method, target, { ...r.headers, authorization }, r.body);
          expect(await rawStatus(text, r.body)).toSatisfy(isBelow500);
        }),
        { numRuns: 60 },
      );
    },
  );

  it('as a path or a token is never a 5xx', async () => {
    const path = fc.array(segment, { maxLength: 6 }).map((parts) => `/v2/${parts.join('/')}`);
    const method = fc.constantFrom('GET', 'HEAD', 'PUT', 'POST', 'PATCH', 'DELETE', 'OPTIONS');
    const token = fc.oneof(
      printable,
      printable.map((text) => `Bearer ${text}`),
      fc.constant(authorization),
    );
    await fc.assert(
      fc.asyncProperty(method, path, token, async (verb, target, credentials) => {
        const text = requestText(verb, target, { authorization: credentials }, undefined);
        expect(await rawStatus(text, undefined)).toSatisfy(isBelow500);
      }),
      { numRuns: 300 },
    );
  });
});

describe('what has no row in the table', () => {
  it.each([
    ['GET', '/'],
    ['GET', '/v2/team'],
    ['GET', '/v2/team/app/manifests/'],
    ['GET', '/v2/team/app/nonsense'],
  ])('%s %s is answered 404 in the form of the spec', async (method, path) => {
    const answer = await registry.request(path, { method });
    expect(answer.status).toBe(404);
    expect(JSON.parse(answer.body.toString())).toMatchObject({ errors: [{ code: 'UNSUPPORTED' }] });
  });

  it.each([
    ['PUT', '/v2/', 'GET, HEAD'],
    ['OPTIONS', '/v2/', 'GET, HEAD'],
    ['POST', `/v2/${NAME}/manifests/latest`, 'GET, HEAD, PUT, DELETE'],
    ['PUT', `/v2/${NAME}/blobs/${digestOf('x')}`, 'GET, HEAD, DELETE'],
    ['GET', `/v2/${NAME}/blobs/uploads/`, 'POST'],
    ['POST', `/v2/${NAME}/blobs/uploads/${'0'.repeat(32)}`, 'GET, PATCH, PUT, DELETE'],
    ['DELETE', '/v2/_catalog', 'GET'],
  ])('%s %s is answered 405 with Allow: %s', async (method, path, allow) => {
    const answer = await registry.request(path, { method });
    expect(answer.status).toBe(405);
    expect(answer.headers.allow).toBe(allow);
    expect(answer.headers['docker-distribution-api-version']).toBe('registry/2.0');
    expect(JSON.parse(answer.body.toString())).toMatchObject({ errors: [{ code: 'UNSUPPORTED' }] });
  });

  it.each(['TEAM/app', 'team//app', 'team%2Fapp', '..', '-a', 'a'.repeat(201), '_catalog'])(
    'the name %s is answered 400 NAME_INVALID',
    async (name) => {
      const answer = await registry.request(`/v2/${name}/manifests/latest`);
      expect(answer.status).toBe(400);
      expect(JSON.parse(answer.body.toString())).toMatchObject({
        errors: [{ code: 'NAME_INVALID' }],
      });
    },
  );
});

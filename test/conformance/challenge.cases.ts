// How a client comes to a token: it reads realm, service and scope out of the challenge, asks there
// with GET and Basic, and sends the same request again. The spec leaves this to distribution's "Token
// Authentication Specification"; the official conformance program does just this.
import { expect } from 'vitest';
import { makeIndex, randomBlob } from '../support/image.ts';
import type { ConformanceCase, ConformanceContext } from './conformance-case.ts';
import type { Answer, RequestOptions, Session } from './registry-client.ts';
import { expectRefusal, type Repository } from './repository.ts';

const SECTION = 'Endpoints';

function parametersOf(answer: Answer): Record<string, string> {
  const challenge = answer.headers.get('www-authenticate') ?? '';
  const pairs = [...challenge.matchAll(/([a-z]+)="([^"]*)"/g)];
  return Object.fromEntries(pairs.map(([, key = '', value = '']) => [key, value]));
}

interface Row {
  readonly name: string;
  readonly method: string;
  readonly target: (repository: Repository) => string;
  readonly options?: (repository: Repository) => RequestOptions;
  readonly scope: (repository: Repository) => string | undefined;
  readonly status: number;
}

const EMPTY_INDEX = makeIndex([]).root;

const ROWS: readonly Row[] = [
  {
    name: 'the base',
    method: 'GET',
    target: () => '/v2/',
    scope: () => undefined,
    status: 200,
  },
  {
    name: 'a pull',
    method: 'GET',
    target: ({ manifest }) => manifest('latest'),
    scope: ({ name }) => `repository:${name}:pull`,
    status: 200,
  },
  {
    name: 'the begin of an upload',
    method: 'POST',
    target: ({ uploads }) => uploads,
    scope: ({ name }) => `repository:${name}:pull,push`,
    status: 202,
  },
  {
    name: 'a push of a manifest',
    method: 'PUT',
    target: ({ manifest }) => manifest('again'),
    options: () => ({
      headers: { 'Content-Type': EMPTY_INDEX.mediaType },
      body: EMPTY_INDEX.bytes,
    }),
    scope: ({ name }) => `repository:${name}:pull,push`,
    status: 201,
  },
  {
    name: 'a mount',
    method: 'POST',
    target: ({ uploads }) => uploads,
    options: ({ name }) => ({ query: { mount: randomBlob(9).digest, from: `${name}/source` } }),
    scope: ({ name }) => `repository:${name}:pull,push repository:${name}/source:pull`,
    status: 202,
  },
  {
    name: 'a delete',
    method: 'DELETE',
    target: ({ manifest }) => manifest('latest'),
    scope: ({ name }) => `repository:${name}:delete`,
    status: 202,
  },
  {
    name: 'the catalog',
    method: 'GET',
    target: () => '/v2/_catalog',
    scope: () => 'registry:catalog:*',
    status: 200,
  },
];

async function openFromChallenge(context: ConformanceContext, refused: Answer): Promise<Session> {
  const { scope } = parametersOf(refused);
  // All of it as one value, lists too.
  return context.session(scope === undefined ? [] : [scope]);
}

const rows: ConformanceCase[] = ROWS.map(({ name, method, target, options, scope, status }) => ({
  section: SECTION,
  name: `names in the challenge of ${name} what opens it`,
  async run(context) {
    const repository = await context.repository();
    await repository.pushManifest(EMPTY_INDEX, 'latest');
    const request = options?.(repository) ?? {};
    const refused = await context.anonymous.request(method, target(repository), request);
    expectRefusal(refused, 401, 'UNAUTHORIZED');
    const parameters = parametersOf(refused);
    expect(parameters['scope']).toBe(scope(repository));
    expect(parameters['realm']).toMatch(/^https?:\/\/[^/]+\/token$/);
    expect(parameters).not.toHaveProperty('error');
    const session = await openFromChallenge(context, refused);
    const answer = await session.request(method, target(repository), request);
    expect(answer.status, answer.body.toString()).toBe(status);
  },
}));

const pushToken: ConformanceCase = {
  section: SECTION,
  name: 'takes the token of the begin of an upload for all of the push',
  async run(context) {
    const repository = await context.repository();
    const refused = await context.anonymous.request('POST', repository.uploads);
    const session = await openFromChallenge(context, refused);
    const begun = await session.request('POST', repository.uploads);
    const { bytes, digest } = randomBlob(100);
    const patched = await session.request('PATCH', begun.location(), { body: bytes });
    expect(patched.status).toBe(202);
    expect((await session.request('GET', patched.location())).status).toBe(204);
    const closed = await session.request('PUT', patched.location(), { query: { digest } });
    expect(closed.status).toBe(201);
    expect((await session.request('GET', closed.location())).status).toBe(200);
  },
};

const tooNarrow: ConformanceCase = {
  section: SECTION,
  name: 'tells a token that is too narrow from one that is no good',
  async run(context) {
    const full = await context.repository();
    const narrow = await context.reopen(full, [`repository:${full.name}:pull`]);
    const refused = await narrow.request('POST', full.uploads);
    expectRefusal(refused, 401, 'UNAUTHORIZED');
    expect(parametersOf(refused)['error']).toBe('insufficient_scope');
    const headers = { Authorization: 'Bearer nonsense' };
    const invalid = await context.anonymous.request('GET', '/v2/', { headers });
    expectRefusal(invalid, 401, 'UNAUTHORIZED');
    expect(parametersOf(invalid)['error']).toBe('invalid_token');
  },
};

export const CHALLENGE_CASES: readonly ConformanceCase[] = [...rows, pushToken, tooNarrow];

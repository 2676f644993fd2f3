// Which credentials go out, when, and how often a token is asked for.
import { type Reference, RepositoryName, Tag } from '@portolan/oci';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { createRegistryClient, type RegistryClient } from '../../src/client/registry-client.ts';
import type { UpstreamCredentials } from '../../src/client/upstream-settings.ts';
import { clientDeps, type TestClientDeps } from '../fixtures/client-deps.ts';
import {
  json,
  type ScriptedAnswer,
  type ScriptedRegistry,
  startScriptedRegistry,
  status,
} from '../fixtures/scripted-registry.ts';
import { findContent, type ServedContent } from '../fixtures/served-content.ts';
import { sample } from '../places/sample-content.ts';

const signal = new AbortController().signal;
const LATEST: Reference = { kind: 'tag', tag: Tag.parse('latest') };
const BASIC: UpstreamCredentials = { kind: 'basic', username: 'robot', password: 'pass:word' };
const BASIC_HEADER = `Basic ${Buffer.from('robot:pass:word').toString('base64')}`;

let registry: ScriptedRegistry;
let content: Map<string, ServedContent>;
const clients: RegistryClient[] = [];

beforeEach(async () => {
  registry = await startScriptedRegistry();
  content = new Map([['app', sample()]]);
});

afterEach(async () => {
  await Promise.all(clients.splice(0).map((client) => client.close()));
  await registry.stop();
});

function connect(credentials: UpstreamCredentials | undefined): {
  deps: TestClientDeps;
  client: RegistryClient;
  head: () => Promise<unknown>;
} {
  const deps = clientDeps({ endpoint: registry.url, credentials });
  const client = createRegistryClient(deps);
  clients.push(client);
  const repository = client.repository(RepositoryName.parse('app'));
  return { deps, client, head: () => repository.head(LATEST, signal) };
}

/** Content for whoever has that header, and the challenge for all others. */
function guarded(isAllowed: (header: string) => boolean, challenge: string): ScriptedAnswer {
  const refuse = status(401, { 'www-authenticate': challenge });
  return (response, request) => {
    const isFine = isAllowed(request.headers.authorization ?? '');
    return (isFine ? findContent(content, request) : refuse)(response, request);
  };
}

/** A token service that gives `t1`, `t2` …, and a registry that takes all but the withdrawn ones. */
function withTokens(scope = 'repository:app:pull', expiresIn = 300): { withdrawn: Set<string> } {
  const withdrawn = new Set<string>();
  let given = 0;
  const challenge = `Bearer realm="${registry.url}/token",service="theirs",scope="${scope}"`;
  const isFine = (header: string) => /^Bearer t\d$/.test(header) && !withdrawn.has(header);
  for (const method of ['GET', 'HEAD']) registry.on(`${method} *`, guarded(isFine, challenge));
  const token: ScriptedAnswer = (response, request) =>
    json({ token: `t${++given}`, expires_in: expiresIn })(response, request);
  registry.on('GET /token', token);
  registry.on('POST /token', token);
  return { withdrawn };
}

const tokenRequests = () => registry.requests.filter(({ path }) => path.startsWith('/token'));

describe('a registry with a token service', () => {
  it('is asked once for a token, however many requests wait for it', async () => {
    withTokens();
    const { head } = connect(BASIC);
    await Promise.all(Array.from({ length: 10 }, head));
    await head();
    expect(tokenRequests()).toHaveLength(1);
    const [request] = tokenRequests();
    expect(request?.headers.authorization).toBe(BASIC_HEADER);
    const query = new URLSearchParams(request?.path.split('?')[1]);
    expect([...query]).toEqual([
      ['service', 'theirs'],
      ['scope', 'repository:app:pull'],
      ['account', 'robot'],
    ]);
  });

  it('is asked without credentials by whoever has none', async () => {
    withTokens();
    await connect(undefined).head();
    expect(tokenRequests().map(({ headers }) => headers.authorization)).toEqual([undefined]);
  });

  it('is asked for the scope that its challenge names', async () => {
    withTokens('repository:theirs/app:pull');
    await connect(undefined).head();
    expect(tokenRequests()[0]?.path).toContain('scope=repository%3Atheirs%2Fapp%3Apull');
  });

  it('gets an identity token by POST, and by nothing else', async () => {
    withTokens();
    await connect({ kind: 'identity-token', token: 'refresh' }).head();
    const [request] = tokenRequests();
    expect(request).toMatchObject({ method: 'POST', path: '/token' });
    expect(Object.fromEntries(new URLSearchParams(request?.body.toString()))).toEqual({
      grant_type: 'refresh_token',
      refresh_token: 'refresh',
      client_id: 'portolan',
      service: 'theirs',
      scope: 'repository:app:pull',
    });
    expect(registry.log().filter((line) => line.includes('refresh'))).toEqual([]);
  });

  it('is asked anew before a token ends', async () => {
    withTokens('repository:app:pull', 120);
    const { deps, head } = connect(BASIC);
    await head();
    await deps.sleep(105_000, signal);
    await head();
    expect(tokenRequests()).toHaveLength(1);
    await deps.sleep(10_000, signal);
    await head();
    expect(tokenRequests()).toHaveLength(2);
  });

  it('is asked anew when it withdraws a token, once', async () => {
    const { withdrawn } = withTokens();
    const { head } = connect(BASIC);
    await head();
    withdrawn.add('Bearer t1');
    await Promise.all([head(), head(), head()]);
    expect(tokenRequests()).toHaveLength(2);
  });

  it.each([
    [401, 'upstream-denied'],
    [403, 'upstream-denied'],
    [404, 'upstream-absent'],
    [429, 'upstream-limited'],
    [503, 'upstream-unavailable'],
  ])('that answers %i is reported as %s', async (code, expected) => {
    withTokens();
    registry.on('GET /token', status(code, { 'retry-after': '3600' }));
    const { head } = connect(BASIC);
    await expect(head()).rejects.toMatchObject({ code: expected });
  });

  it('that gives tokens it does not take itself is left alone', async () => {
    const { withdrawn } = withTokens();
    for (let i = 1; i < 5; i++) withdrawn.add(`Bearer t${i}`);
    await expect(connect(BASIC).head()).rejects.toMatchObject({ code: 'upstream-denied' });
    expect(tokenRequests()).toHaveLength(1);
  });
});

describe('a registry with passwords', () => {
  beforeEach(() => {
    const answer = guarded((header) => header === BASIC_HEADER, 'Basic realm="theirs"');
    for (const method of ['GET', 'HEAD']) registry.on(`${method} *`, answer);
  });

  it('gets the password after it has asked, and then each time', async () => {
    const { head } = connect(BASIC);
    await head();
    await head();
    const sent = registry.requests.map(({ headers }) => headers.authorization);
    expect(sent).toEqual([undefined, BASIC_HEADER, BASIC_HEADER]);
  });

  it.each<[string, UpstreamCredentials | undefined]>([
    ['no credentials', undefined],
    ['another password', { kind: 'basic', username: 'robot', password: 'wrong' }],
    ['an identity token', { kind: 'identity-token', token: 'refresh' }],
  ])('refuses %s', async (_what, credentials) => {
    const { client, head } = connect(credentials);
    await expect(head()).rejects.toMatchObject({ code: 'upstream-denied' });
    await expect(client.ping(signal)).rejects.toMatchObject({ code: 'upstream-denied' });
  });

  it('is pinged with the password', async () => {
    await expect(connect(BASIC).client.ping(signal)).resolves.toBeUndefined();
  });
});

it('sends a registry token as it is, from the first request on', async () => {
  const { head } = connect({ kind: 'registry-token', token: 'ready' });
  registry.on(
    'HEAD *',
    guarded((header) => header === 'Bearer ready', 'Bearer realm="x"'),
  );
  await head();
  expect(registry.requests).toHaveLength(1);
});

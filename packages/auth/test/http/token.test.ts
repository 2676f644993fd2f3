import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import {
  type AuthService,
  claimsOf,
  FOREIGN,
  grantOf,
  ISSUER,
  type Query,
  SERVICE,
  startAuthService,
} from '../fixtures/auth-service.ts';

const service = SERVICE;
const ALICE = 'alice:alices password';
const ROOT = 'root:roots password';
const password = { grant_type: 'password', username: 'alice', password: 'alices password' };

let auth: AuthService;

beforeAll(async () => {
  auth = await startAuthService();
  await auth.addUser('alice', 'alices password');
  await auth.addUser('bob', 'bobs: password ü');
  await auth.addUser('root', 'roots password', true);
  const { teams, namespaces } = auth.storage;
  await teams.create({ name: 'crew', description: '', owner: 'bob' }, 'test');
  await teams.setMember('crew', 'alice', 'contributor', 'test');
  await namespaces.create({ name: 'crew', team: 'crew' }, 'test');
  await namespaces.create({ name: 'open', team: 'crew' }, 'test');
  await namespaces.set('open', { visibility: 'public' }, 'test');
});
afterAll(() => auth.close());

interface Row {
  readonly client: string;
  readonly query: Query;
  readonly login?: string;
  readonly grants: readonly string[];
  /** Fields of the answer beyond the five that are always there. */
  readonly extra?: readonly string[];
}

const GETS: readonly Row[] = [
  {
    client: 'docker login',
    query: { account: 'alice', client_id: 'docker', offline_token: 'true', service },
    login: ALICE,
    grants: [],
    extra: ['refresh_token'],
  },
  {
    client: 'docker pull',
    query: { account: 'alice', scope: 'repository:alice/app:pull', service },
    login: ALICE,
    grants: ['repository:alice/app:pull'],
  },
  {
    client: 'docker push that mounts',
    query: {
      account: 'alice',
      scope: ['repository:crew/app:push,pull', 'repository:alice/app:pull'],
      service,
    },
    login: ALICE,
    grants: ['repository:crew/app:pull,push', 'repository:alice/app:pull'],
  },
  {
    client: 'docker search',
    query: { scope: 'registry:catalog:search', service },
    login: ALICE,
    grants: ['registry:catalog:*'],
  },
  {
    client: 'podman push that mounts',
    query: {
      account: 'alice',
      scope: ['repository:crew/app:pull,push', 'repository:bob/app:pull'],
      service,
    },
    login: ALICE,
    grants: ['repository:crew/app:pull,push'],
  },
  {
    client: 'skopeo delete, which asks for everything',
    query: { account: 'bob', scope: 'repository:crew/app:*', service },
    login: 'bob:bobs: password ü',
    grants: ['repository:crew/app:pull,push,delete'],
  },
  {
    client: 'skopeo delete by a contributor',
    query: { account: 'alice', scope: 'repository:crew/app:*', service },
    login: ALICE,
    grants: ['repository:crew/app:pull,push'],
  },
  {
    client: 'crane copy, several scopes in one value',
    query: { scope: 'repository:crew/app:push,pull repository:alice/app:pull', service },
    login: ALICE,
    grants: ['repository:crew/app:pull,push', 'repository:alice/app:pull'],
  },
  {
    client: 'crane catalog',
    query: { scope: 'registry:catalog:*', service },
    login: ROOT,
    grants: ['registry:catalog:*'],
  },
  {
    client: 'oras, merged actions and a class',
    query: {
      scope: ['repository(plugin):alice/app:pull,delete', 'repository:alice/app:push'],
      service,
    },
    login: ALICE,
    grants: ['repository:alice/app:pull,push,delete'],
  },
  {
    client: 'containerd without credentials',
    query: { scope: 'repository:open/app:pull', service },
    grants: ['repository:open/app:pull'],
  },
  {
    client: 'a stranger to a private namespace',
    query: { scope: 'repository:crew/app:pull,push', service },
    login: 'bob:bobs: password ü',
    grants: ['repository:crew/app:pull,push'],
  },
  {
    client: 'nobody at a private namespace',
    query: { scope: 'repository:crew/app:pull,push', service },
    grants: [],
  },
  {
    client: 'scopes that make no sense',
    query: { scope: ['repository::pull', 'nonsense', 'repository:a b:pull'], service },
    grants: [],
  },
  {
    client: 'an administrator at a namespace that is not yet',
    query: { scope: 'repository:brand-new/app:pull,push', service },
    login: ROOT,
    grants: ['repository:brand-new/app:pull,push'],
  },
  {
    client: 'a user at a namespace that is not yet',
    query: { scope: 'repository:brand-new/app:pull,push', service },
    login: ALICE,
    grants: [],
  },
];

const POSTS: readonly Row[] = [
  {
    client: 'containerd with credentials',
    query: {
      ...password,
      client_id: 'containerd-client',
      service,
      scope: 'repository:alice/app:pull repository:crew/app:pull,push',
    },
    grants: ['repository:alice/app:pull', 'repository:crew/app:pull,push'],
    extra: ['scope'],
  },
  {
    client: 'helm login',
    query: { ...password, client_id: 'helm', service },
    grants: [],
    extra: ['scope'],
  },
  {
    client: 'a client that wants to stay logged in',
    query: {
      ...password,
      client_id: 'oras',
      service,
      access_type: 'offline',
      scope: 'repository:alice/app:pull',
    },
    grants: ['repository:alice/app:pull'],
    extra: ['refresh_token', 'scope'],
  },
];

const ALWAYS = ['access_token', 'expires_in', 'issued_at', 'token'];

describe.each([
  ['GET', GETS],
  ['POST', POSTS],
] as const)('%s /token', (method, rows) => {
  it.each(rows)('answers $client', async ({ query, login, grants, extra = [] }) => {
    const answer = method === 'GET' ? await auth.get(query, login) : await auth.post(query);
    expect(answer.text).not.toContain('"errors"');
    expect(answer.status).toBe(200);
    expect(Object.keys(answer.body).sort()).toEqual([...ALWAYS, ...extra].sort());
    expect(answer.body['token']).toBe(answer.body['access_token']);
    expect(answer.headers.get('cache-control')).toBe('no-store');
    expect(grantOf(answer)).toEqual(grants);
    if (method === 'POST') expect(answer.body['scope']).toBe(grants.join(' '));
  });
});

describe('the token', () => {
  const scope = 'repository:crew/app:pull';

  it('says whose it is, for whom, and for how long', async () => {
    const answer = await auth.get({ service, scope, account: 'root' }, ALICE);
    const { jti, portolan, ...claims } = claimsOf(answer);
    const now = auth.clock.now() / 1000;
    expect(claims).toEqual({
      iss: ISSUER,
      sub: 'alice',
      aud: SERVICE,
      iat: now,
      nbf: now,
      exp: now + 300,
      access: [{ type: 'repository', name: 'crew/app', actions: ['pull'] }],
    });
    expect(answer.body['expires_in']).toBe(300);
    expect(answer.body['issued_at']).toBe('2026-01-02T03:04:05.000Z');
    expect(jti).toMatch(/^[0-9a-f]{32}$/);
    const alice = await auth.storage.subjects.find('alice');
    const crew = await auth.storage.namespaces.find('crew');
    expect(portolan).toEqual({
      subject: [alice?.id, alice?.generation],
      namespaces: { crew: [crew?.id, crew?.generation] },
    });
  });

  it('has an empty subject for anonymous, whatever account is claimed', async () => {
    const answer = await auth.get({ service, scope: 'repository:open/app:pull', account: 'root' });
    expect(claimsOf(answer).sub).toBe('');
    expect(claimsOf(answer).portolan?.subject).toBeUndefined();
    expect(Object.keys(claimsOf(answer).portolan?.namespaces ?? {})).toEqual(['open']);
  });

  it.each([
    ['alice', ALICE, ['public', 'protected']],
    ['nobody', undefined, ['public']],
  ])('filters the catalog of %s', async (_who, login, visibilities) => {
    const answer = await auth.get({ service, scope: 'registry:catalog:*' }, login);
    const alice = await auth.storage.subjects.find('alice');
    const ids = login === undefined ? [] : await auth.storage.namespaces.idsOf(alice?.id ?? 0);
    const filter = claimsOf(answer).portolan?.catalog;
    expect(filter).toEqual({ visibilities, namespaceIds: ids });
  });

  it('shows administrators the whole catalog', async () => {
    const answer = await auth.get({ service, scope: 'registry:catalog:*' }, ROOT);
    expect(claimsOf(answer).portolan?.catalog).toBe('all');
    expect(claimsOf(answer).portolan?.namespaces).toEqual({});
  });

  it('tells a foreign registry nothing of our rows, and gives its catalog to administrators', async () => {
    const query = { service: FOREIGN, scope: ['registry:catalog:*', scope] };
    const answer = await auth.get(query, ALICE);
    expect(claimsOf(answer).portolan).toBeUndefined();
    expect(claimsOf(answer).aud).toBe(FOREIGN);
    expect(grantOf(answer)).toEqual([scope]);
    expect(grantOf(await auth.get(query, ROOT))).toContain('registry:catalog:*');
  });

  it('has an id of its own each time', async () => {
    const ids = await Promise.all(
      [1, 2, 3].map(async () => claimsOf(await auth.get({ service, scope }, ALICE)).jti),
    );
    expect(new Set(ids).size).toBe(3);
  });
});

// What engines send through views: their users' passwords for the mirrored registry, mostly.
import { beforeEach, describe, expect, it } from 'vitest';
import { createPasswordHasher, type PasswordHasher } from '../../src/index.ts';
import {
  type AuthService,
  basic,
  claimsOf,
  grantOf,
  SERVICE,
  startAuthService,
} from '../fixtures/auth-service.ts';
import { MINUTE } from '../fixtures/test-clock.ts';
import { createTestHasher } from '../fixtures/test-storage.ts';

const service = SERVICE;
const ns = 'docker.io';
const scope = 'repository:library/busybox:pull';
const GRANTED = 'repository:docker.io/library/busybox:pull';
const ALICE = 'alice:alices password';
const HUB = 'hubuser-canary:hub-secret-canary';

let hashes = 0;
let auth: AuthService;

function countingHasher(): PasswordHasher {
  const hasher = createTestHasher();
  return {
    ...hasher,
    verify: async (...args) => {
      hashes++;
      return hasher.verify(...args);
    },
  };
}

beforeEach(async () => {
  hashes = 0;
  auth = await startAuthService({ viewHasher: countingHasher() });
  await auth.addUser('alice', 'alices password', true);
  await auth.storage.namespaces.ensureMirror('docker.io', 'test');
  return () => auth.close();
});

async function makePublic(): Promise<void> {
  await auth.storage.namespaces.set('docker.io', { visibility: 'public' }, 'test');
}

async function postThrough(query: string, form: Record<string, string>) {
  const body = new URLSearchParams({ service, client_id: 'containerd-client', ...form });
  return auth.request(`/token${query}`, { method: 'POST', body });
}

describe('credentials that are ours', () => {
  it('open a private mirror', async () => {
    const answer = await auth.get({ service, ns, scope }, ALICE);
    expect([claimsOf(answer).sub, grantOf(answer)]).toEqual(['alice', [GRANTED]]);
    expect(auth.log()).toContain('"view":"docker.io"');
  });

  it('open it by the form, whose `ns` is in the address', async () => {
    const login = { username: 'alice', password: 'alices password' };
    const form = { grant_type: 'password', ...login, scope, access_type: 'offline' };
    const answer = await postThrough('?ns=docker.io', form);
    expect(grantOf(answer)).toEqual([GRANTED]);
    const token = String(answer.body['refresh_token']);
    const again = { grant_type: 'refresh_token', refresh_token: token, scope };
    expect(grantOf(await postThrough('?ns=docker.io', again))).toEqual([GRANTED]);
  });

  it('open it by GET with the token of a login and no name, as BuildKit 0.8 asks', async () => {
    const login = await auth.get({ service, ns, offline_token: 'true' }, ALICE);
    const answer = await auth.get(
      { service, ns, scope },
      `:${String(login.body['refresh_token'])}`,
    );
    expect([claimsOf(answer).sub, grantOf(answer)]).toEqual(['alice', [GRANTED]]);
  });

  it('grant nothing but pulls, and nothing of an unknown registry', async () => {
    const wide = 'repository:library/busybox:pull,push,delete';
    expect(grantOf(await auth.get({ service, ns, scope: wide }, ALICE))).toEqual([GRANTED]);
    for (const other of ['ghcr.io', '', 'https://x/', 'library']) {
      const answer = await auth.get({ service, ns: other, scope: [wide, 'x', ':::'] }, ALICE);
      expect([answer.status, grantOf(answer)]).toEqual([200, []]);
    }
  });

  it('are needed where `ns` names ourselves', async () => {
    const own = { service, ns: 'registry.test:5000', scope };
    expect((await auth.get(own, HUB)).status).toBe(401);
  });
});

const FOREIGN_HEADERS: readonly [string, string][] = [
  ['a name and a password of elsewhere', basic(HUB)],
  ['a wrong password', basic('alice:hub-secret-canary')],
  ['an unreadable header', 'Basic hub-secret-canary%'],
  ['another scheme', 'Bearer hub-secret-canary'],
  ['an empty password', basic('alice:')],
  ['an identity token without a name', basic(':hub-secret-canary')],
  ['neither name nor password', basic(':')],
];

describe('credentials that are not ours', () => {
  it.each(FOREIGN_HEADERS)('become anonymous: %s', async (_what, authorization) => {
    await makePublic();
    const query = new URLSearchParams({ service, ns, scope, account: 'hubuser-canary' });
    const answer = await auth.request(`/token?${query.toString()}`, { headers: { authorization } });
    expect([answer.status, claimsOf(answer).sub, grantOf(answer)]).toEqual([200, '', [GRANTED]]);
    expect(auth.log()).not.toContain('canary');
  });

  it.each([
    ['password', { grant_type: 'password', username: 'hubuser-canary', password: 'x-canary' }],
    ['identity token', { grant_type: 'refresh_token', refresh_token: 'hub-canary' }],
    ['refresh token', { grant_type: 'refresh_token', refresh_token: `ptr_${'a'.repeat(64)}` }],
  ])('become anonymous by the form, too: a %s', async (_what, form) => {
    await makePublic();
    const answer = await postThrough('?ns=docker.io', { ...form, scope, access_type: 'offline' });
    expect([answer.status, claimsOf(answer).sub, grantOf(answer)]).toEqual([200, '', [GRANTED]]);
    expect(answer.body).not.toHaveProperty('refresh_token');
    expect(auth.log()).not.toContain('canary');
  });

  it('open nothing that is private', async () => {
    expect(grantOf(await auth.get({ service, ns, scope }, HUB))).toEqual([]);
  });

  it('fail a login, which asks for no scope', async () => {
    expect((await auth.get({ service, ns }, HUB)).status).toBe(401);
    expect((await auth.get({ service, ns })).status).toBe(401);
    expect((await auth.get({ service, ns }, ALICE)).status).toBe(200);
    const form = { grant_type: 'password', username: 'alice', password: 'wrong' };
    expect((await postThrough('?ns=docker.io', form)).status).toBe(401);
  });

  it('slow down no login without a view, of whatever account', async () => {
    for (let i = 0; i < 60; i++) await auth.get({ service, ns, scope }, `alice:wrong ${i}`);
    expect((await auth.get({ service }, ALICE)).status).toBe(200);
    // These are the first that count there.
    for (let i = 0; i < 4; i++) {
      expect((await auth.get({ service }, `alice:bad ${i}`)).status).toBe(401);
    }
  });

  it('are hashed once an hour, however often an engine sends them', async () => {
    for (let i = 0; i < 20; i++) await auth.get({ service, ns, scope }, HUB);
    expect(hashes).toBe(1);
    auth.clock.advance(61 * MINUTE);
    await auth.get({ service, ns, scope }, HUB);
    expect(hashes).toBe(2);
  });

  it('are looked at anew when there is such a user, or it has a new password', async () => {
    const ask = async () => claimsOf(await auth.get({ service, ns, scope }, 'bob:secret')).sub;
    expect(await ask()).toBe('');
    await auth.addUser('bob', 'other');
    expect(await ask()).toBe('');
    const hash = await createTestHasher().hash('secret');
    await auth.storage.credentials.setPassword('bob', hash, 'test');
    expect(await ask()).toBe('bob');
  });
});

describe('guessing passwords through a view', () => {
  it('is slowed down, without a hash and without a word', async () => {
    for (let i = 0; i < 40; i++) {
      const answer = await auth.get({ service, ns, scope }, `alice:guess ${i}`);
      expect([answer.status, claimsOf(answer).sub]).toEqual([200, '']);
    }
    expect(hashes).toBeLessThan(10);
    const right = await auth.get({ service, ns, scope }, ALICE);
    expect([right.status, claimsOf(right).sub]).toEqual([200, '']);
    auth.clock.advance(2 * MINUTE);
    expect(claimsOf(await auth.get({ service, ns, scope }, ALICE)).sub).toBe('alice');
  });

  it('waits in a queue of its own, whose end is anonymous', async () => {
    await auth.close();
    const cheap = { memoryCost: 1024, timeCost: 2, concurrency: 1, maxWaiting: 0 };
    auth = await startAuthService({ viewHasher: createPasswordHasher(cheap) });
    await auth.storage.namespaces.ensureMirror('docker.io', 'test');
    const logins = Array.from({ length: 12 }, (_, i) => `user${i}:x`);
    const answers = await Promise.all(
      logins.map((login) => auth.get({ service, ns, scope }, login)),
    );
    expect(new Set(answers.map(({ status }) => status))).toEqual(new Set([200]));
  });
});

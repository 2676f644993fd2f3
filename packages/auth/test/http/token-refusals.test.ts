import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import {
  type Answer,
  type AuthService,
  basic,
  FOREIGN,
  grantOf,
  type Query,
  SERVICE,
  startAuthService,
} from '../fixtures/auth-service.ts';
import { createTestHasher } from '../fixtures/test-storage.ts';

const service = SERVICE;
const scope = 'repository:alice/app:pull';
const LOGIN = 'alice:alices password';
const client = { service, client_id: 'test' };
const password = { grant_type: 'password', username: 'alice', password: 'alices password' };

const CODES = { 400: 'REQUEST_INVALID', 401: 'UNAUTHORIZED' } as const;

let auth: AuthService;

beforeAll(async () => {
  auth = await startAuthService();
  await auth.addUser('alice', 'alices password');
  await auth.addUser('gone', 'gones password');
  await auth.storage.subjects.setDisabled('gone', true, 'test');
});
afterAll(() => auth.close());

function expectRefusal(answer: Answer, status: number, code: string): void {
  expect([answer.status, answer.text]).toEqual([status, expect.stringContaining(code)]);
  const { errors, details, error, error_description } = answer.body as {
    errors: { code: string; message: string; detail: { requestId: string } }[];
    [field: string]: unknown;
  };
  expect(errors).toHaveLength(1);
  expect(errors[0]?.code).toBe(code);
  expect(errors[0]?.detail.requestId).toBe(answer.headers.get('x-request-id'));
  expect(details).toBe(error_description);
  expect(error).toMatch(/^[a-z_]+$/);
  expect(answer.body).not.toHaveProperty('token');
  const challenge = answer.headers.get('www-authenticate');
  expect(challenge).toBe(
    status === 401 ? 'Basic realm="registry.test:5000", charset="UTF-8"' : null,
  );
}

type HeaderRow = [what: string, authorization: string];
const BAD_HEADERS: readonly HeaderRow[] = [
  ['a wrong password', basic('alice:wrong')],
  ['an unknown user', basic('nobody-here:alices password')],
  ['a disabled user', basic('gone:gones password')],
  ['an empty password', basic('alice:')],
  ['an empty name', basic(':alices password')],
  ['no colon', basic('alice')],
  ['an empty header', ''],
  ['only the scheme', 'Basic'],
  ['text that is not base64', 'Basic %%%'],
  ['another scheme', 'Bearer abc'],
  ['the name in capitals', basic('ALICE:alices password')],
];

describe('GET /token', () => {
  it.each(BAD_HEADERS)('refuses %s and never makes it anonymous', async (_what, authorization) => {
    for (const query of [`service=${service}`, `service=${service}&scope=${scope}`]) {
      const answer = await auth.request(`/token?${query}`, { headers: { authorization } });
      expectRefusal(answer, 401, 'UNAUTHORIZED');
    }
  });

  it('gives the same answer for an unknown user, a disabled one and a wrong password', async () => {
    const bodies = [];
    for (const login of ['alice:wrong', 'never-seen:wrong', 'gone:gones password']) {
      const { body } = await auth.get({ service }, login);
      bodies.push({ ...body, errors: undefined });
    }
    expect(new Set(bodies.map((body) => JSON.stringify(body))).size).toBe(1);
  });

  it.each<[string, Query, string | undefined, 400 | 401]>([
    ['nobody who asks for nothing', { service }, undefined, 401],
    ['an empty scope from nobody', { service, scope: '' }, undefined, 401],
    ['a missing service', { scope }, LOGIN, 400],
    ['an empty service', { service: '', scope }, LOGIN, 400],
    ['an unknown service', { service: 'evil', scope }, LOGIN, 400],
    ['an unknown service for nobody', { service: 'evil', scope }, undefined, 400],
    ['two services', { service: [service, FOREIGN], scope }, LOGIN, 400],
  ])('refuses %s', async (_what, query, login, status) => {
    expectRefusal(await auth.get(query, login), status, CODES[status]);
  });

  it('says what to do about a service that it does not know', async () => {
    const { body } = await auth.get({ service: 'evil', scope }, LOGIN);
    expect(body['details']).toContain('WWW-Authenticate');
  });
});

describe('POST /token', () => {
  const { username: _username, ...withoutUser } = password;

  it.each<[string, Query, number, string]>([
    ['a wrong password', { ...client, ...password, password: 'wrong' }, 401, 'UNAUTHORIZED'],
    ['no password', { ...client, ...password, password: '' }, 401, 'UNAUTHORIZED'],
    ['no user name', { ...client, ...withoutUser }, 400, 'REQUEST_INVALID'],
    ['no grant type', { ...client, scope }, 400, 'REQUEST_INVALID'],
    ['another grant type', { ...client, grant_type: 'client_credentials' }, 400, 'REQUEST_INVALID'],
    [
      'two grant types',
      { ...client, ...password, grant_type: ['password', 'refresh_token'] },
      400,
      'REQUEST_INVALID',
    ],
    ['no service', { ...password, client_id: 'x' }, 400, 'REQUEST_INVALID'],
    [
      'an unknown service',
      { ...password, client_id: 'x', service: 'evil' },
      400,
      'REQUEST_INVALID',
    ],
    ['no client', { ...password, service }, 400, 'REQUEST_INVALID'],
    [
      'a made-up refresh token',
      { ...client, grant_type: 'refresh_token', refresh_token: `ptr_${'0'.repeat(64)}` },
      401,
      'UNAUTHORIZED',
    ],
    [
      'garbage as a refresh token',
      { ...client, grant_type: 'refresh_token', refresh_token: "' OR 1=1" },
      401,
      'UNAUTHORIZED',
    ],
  ])('refuses %s', async (_what, form, status, code) => {
    expectRefusal(await auth.post(form), status, code);
  });

  it('names the OAuth error of an unknown grant type', async () => {
    const { body } = await auth.post({ ...client, grant_type: 'magic' });
    expect(body['error']).toBe('unsupported_grant_type');
  });

  it('refuses a body that is no form', async () => {
    const body = JSON.stringify({ ...client, ...password });
    const headers = { 'content-type': 'application/json' };
    const answer = await auth.request('/token', { method: 'POST', body, headers });
    expectRefusal(answer, 400, 'REQUEST_INVALID');
  });

  it('refuses no body at all', async () => {
    expectRefusal(await auth.request('/token', { method: 'POST' }), 400, 'REQUEST_INVALID');
  });

  it('refuses a form that is too large', async () => {
    const answer = await auth.post({ ...client, ...password, scope: 'x'.repeat(20_000) });
    expectRefusal(answer, 413, 'REQUEST_INVALID');
    expect(answer.headers.get('connection')).toBe('close');
  });
});

const refreshForm = (refresh_token: string): Query => ({
  ...client,
  grant_type: 'refresh_token',
  refresh_token,
  scope,
});
const obtain = async (): Promise<string> => {
  const { body } = await auth.get({ service, offline_token: 'true' }, LOGIN);
  return String(body['refresh_token']);
};

describe('refresh tokens', () => {
  it('are reusable, and come back only when asked for', async () => {
    const token = await obtain();
    expect(token).toMatch(/^ptr_[0-9a-f]{64}$/);
    for (let i = 0; i < 3; i++) {
      const answer = await auth.post(refreshForm(token));
      expect(grantOf(answer)).toEqual([scope]);
      expect(answer.body).not.toHaveProperty('refresh_token');
    }
    const { body } = await auth.post({ ...refreshForm(token), access_type: 'offline' });
    expect(body['refresh_token']).toBe(token);
  });

  it.each(['', 'false', '1'])('are not handed out for offline_token=%s', async (offline_token) => {
    const { body } = await auth.get({ service, offline_token }, LOGIN);
    expect(body).not.toHaveProperty('refresh_token');
  });

  it('are not handed out to nobody', async () => {
    const { status, body } = await auth.get({ service, scope, offline_token: 'true' });
    expect(status).toBe(200);
    expect(body).not.toHaveProperty('refresh_token');
  });

  it('are good for their own service alone', async () => {
    const token = await obtain();
    expectRefusal(
      await auth.post({ ...refreshForm(token), service: FOREIGN }),
      401,
      'UNAUTHORIZED',
    );
  });

  it('are no password, and neither is a registry token', async () => {
    const refresh = await obtain();
    const { body } = await auth.get({ service, scope }, LOGIN);
    const token = String(body['token']);
    for (const secret of [refresh, token]) {
      auth.clock.advance(120_000);
      expectRefusal(await auth.get({ service, scope }, `alice:${secret}`), 401, 'UNAUTHORIZED');
      expectRefusal(
        await auth.post({ ...client, ...password, password: secret }),
        401,
        'UNAUTHORIZED',
      );
      const headers = { authorization: `Bearer ${secret}` };
      const bearer = await auth.request(`/token?service=${service}&scope=${scope}`, { headers });
      expectRefusal(bearer, 401, 'UNAUTHORIZED');
    }
    expectRefusal(await auth.post(refreshForm(token)), 401, 'UNAUTHORIZED');
    expectRefusal(await auth.post(refreshForm('alices password')), 401, 'UNAUTHORIZED');
  });

  it('live on while they are used within thirty days', async () => {
    const token = await obtain();
    auth.clock.advance(29 * 86_400_000);
    expect((await auth.post(refreshForm(token))).status).toBe(200);
  });
});

describe('revocation', () => {
  it.each<[string, (service: AuthService) => Promise<unknown>]>([
    ['the password changes', ({ storage }) => storage.credentials.setPassword('alice', 'x', 't')],
    ['the user is disabled', ({ storage }) => storage.subjects.setDisabled('alice', true, 't')],
    ['they are revoked', ({ storage }) => storage.credentials.revokeRefreshTokens('alice', 't')],
    ['thirty days pass', async ({ clock }) => clock.advance(30 * 86_400_000)],
  ])('refresh tokens end when %s', async (_what, change) => {
    const own = await startAuthService();
    try {
      await own.addUser('alice', 'alices password');
      await own.addUser('root', 'roots password', true);
      const { body } = await own.get({ service, offline_token: 'true' }, LOGIN);
      await change(own);
      const refresh_token = String(body['refresh_token']);
      const form = { ...client, grant_type: 'refresh_token', refresh_token, scope };
      expectRefusal(await own.post(form), 401, 'UNAUTHORIZED');
    } finally {
      await own.close();
    }
  });

  it('a remembered password ends at once when the user is disabled', async () => {
    const own = await startAuthService();
    try {
      await own.addUser('alice', 'alices password');
      expect((await own.get({ service }, LOGIN)).status).toBe(200);
      await own.storage.subjects.setDisabled('alice', true, 'test');
      expectRefusal(await own.get({ service }, LOGIN), 401, 'UNAUTHORIZED');
      await own.storage.subjects.setDisabled('alice', false, 'test');
      expect((await own.get({ service }, LOGIN)).status).toBe(200);
    } finally {
      await own.close();
    }
  });

  it('ends a login that is still being verified, which gets no refresh token', async () => {
    const hasher = createTestHasher();
    let change: (() => Promise<unknown>) | undefined;
    const own = await startAuthService({
      hasher: {
        ...hasher,
        async verify(...args) {
          const isRight = await hasher.verify(...args);
          await change?.();
          return isRight;
        },
      },
    });
    try {
      await own.addUser('alice', 'alices password');
      const hash = await hasher.hash('another password');
      change = () => own.storage.credentials.setPassword('alice', hash, 'test');
      const { body } = await own.get({ service, offline_token: 'true' }, LOGIN);
      expect(body).not.toHaveProperty('refresh_token');
    } finally {
      await own.close();
    }
  });
});

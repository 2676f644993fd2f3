import { importJWK, jwtVerify } from 'jose';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type AuthService, basic, SERVICE, startAuthService } from '../fixtures/auth-service.ts';

let auth: AuthService;

beforeAll(async () => {
  auth = await startAuthService();
});
afterAll(() => auth.close());

describe('routes', () => {
  it.each([
    ['/token', 'HEAD', 'GET, POST'],
    ['/token', 'PUT', 'GET, POST'],
    ['/token', 'DELETE', 'GET, POST'],
    ['/jwks', 'POST', 'GET, HEAD'],
    ['/', 'POST', 'GET, HEAD'],
    ['/livez', 'DELETE', 'GET, HEAD'],
    ['/readyz', 'PATCH', 'GET, HEAD'],
  ])('%s refuses %s with 405', async (path, method, allow) => {
    const answer = await auth.request(path, { method });
    expect(answer.status).toBe(405);
    expect(answer.headers.get('allow')).toBe(allow);
    expect(answer.headers.get('content-type')).toContain('application/json');
  });

  it.each(['/nothing', '/token/', '/Token', '/jwks/x', '/v2/', '/api/v1/keys'])(
    'knows nothing of %s',
    async (path) => {
      const answer = await auth.request(path);
      expect(answer.status).toBe(404);
      expect(answer.body['errors']).toMatchObject([{ code: 'NOT_FOUND' }]);
    },
  );

  it.each(['/', '/jwks', '/livez', '/readyz'])('%s answers HEAD without a body', async (path) => {
    const answer = await auth.request(path, { method: 'HEAD' });
    expect([answer.status, answer.text]).toEqual([200, '']);
  });

  it.each(['/', '/jwks', '/token', '/nothing', '/livez'])(
    '%s tells browsers to run nothing',
    async (path) => {
      const { headers } = await auth.request(path);
      expect(headers.get('content-security-policy')).toContain("default-src 'none'");
      expect(headers.get('content-security-policy')).toContain("frame-ancestors 'none'");
      expect(headers.get('x-content-type-options')).toBe('nosniff');
      expect(headers.get('referrer-policy')).toBe('no-referrer');
      expect(headers.get('x-request-id')).toMatch(/^[0-9a-f]{32}$/);
      expect(headers.get('strict-transport-security')).toBeNull();
    },
  );
});

describe('the front page', () => {
  it('says what to paste, for the public host, and runs no script', async () => {
    const answer = await auth.request('/', { headers: { 'x-forwarded-host': 'evil' } });
    expect(answer.headers.get('content-type')).toBe('text/html; charset=utf-8');
    expect(answer.text).toContain('docker login registry.test:5000');
    expect(answer.text).toContain('docker push registry.test:5000/');
    expect(answer.text).toContain('--tls-verify=false');
    expect(answer.text).not.toContain('evil');
    expect(answer.text).not.toContain('<script');
    expect(answer.headers.get('content-security-policy')).toMatch(/style-src 'sha256-[^']+'/);
  });
});

describe('/jwks', () => {
  it('holds the key that verifies a token, and nothing private', async () => {
    const { body, headers } = await auth.request('/jwks');
    expect(headers.get('content-type')).toBe('application/json');
    expect(headers.get('cache-control')).toBe('public, max-age=60');
    const [jwk, ...others] = body['keys'] as Record<string, string>[];
    expect(others).toEqual([]);
    expect(Object.keys(jwk ?? {}).sort()).toEqual(['alg', 'crv', 'kid', 'kty', 'use', 'x', 'y']);
    const token = await auth.get({ service: SERVICE, scope: 'registry:catalog:*' });
    const key = await importJWK(jwk ?? {}, 'ES256');
    const { protectedHeader } = await jwtVerify(String(token.body['token']), key, {
      currentDate: new Date(auth.clock.now()),
    });
    expect(protectedHeader).toEqual({ alg: 'ES256', typ: 'JWT', kid: jwk?.['kid'] });
  });
});

describe('/readyz', () => {
  it('is 503 with a reason in the log alone while the stores do not work', async () => {
    const own = await startAuthService({
      checkReady: async () => {
        throw new Error('disk canary');
      },
    });
    try {
      const answer = await own.request('/readyz');
      expect(answer.status).toBe(503);
      expect(answer.headers.get('retry-after')).toBe('2');
      expect(answer.text).not.toContain('canary');
      expect(own.log()).toContain('disk canary');
      expect((await own.request('/livez')).status).toBe(200);
    } finally {
      await own.close();
    }
  });
});

describe('an internal error', () => {
  it('is 500 with a request id and tells nothing', async () => {
    const own = await startAuthService({
      hasher: {
        hash: async () => 'x',
        verify: async () => {
          throw new Error('secret canary');
        },
        needsRehash: () => false,
        queueLength: () => 0,
      },
    });
    try {
      const answer = await own.get({ service: SERVICE }, 'somebody:password');
      expect(answer.status).toBe(500);
      expect(answer.text).not.toContain('canary');
      expect(own.log()).toContain('secret canary');
      expect(own.log()).toContain(answer.headers.get('x-request-id'));
    } finally {
      await own.close();
    }
  });
});

describe('the log', () => {
  it('holds no secret of any request', async () => {
    const own = await startAuthService();
    const canary = 'canary-canary';
    try {
      await own.addUser('alice', canary);
      const { body } = await own.get(
        { service: SERVICE, offline_token: 'true' },
        `alice:${canary}`,
      );
      const refresh = String(body['refresh_token']);
      const form = { service: SERVICE, client_id: 'x' };
      const answers = [
        await own.post({ ...form, grant_type: 'password', username: 'alice', password: canary }),
        await own.post({ ...form, grant_type: 'refresh_token', refresh_token: refresh }),
        await own.post({ ...form, grant_type: 'refresh_token', refresh_token: canary }),
        await own.get({ service: SERVICE }, `alice:${canary}${canary}`),
        await own.get({ service: SERVICE, password: canary }, `${canary}:x`),
        await own.request(`/${canary}?x=${canary}`),
      ];
      const secrets = [canary, refresh, ...answers.map(({ body: b }) => b['token'])];
      for (const secret of secrets.filter((one) => typeof one === 'string')) {
        expect(own.log()).not.toContain(secret);
      }
      expect(own.log()).not.toContain(basic(`alice:${canary}`).slice(6));
      expect(own.log()).toContain('"subject":"alice"');
      expect(own.log()).toContain('"source":"127.0.0.1"');
    } finally {
      await own.close();
    }
  });
});

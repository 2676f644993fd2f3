import { afterEach, expect, it } from 'vitest';
import { type AuthService, startAuthService } from '../fixtures/auth-service.ts';

const AUTHORITY = { pem: '-----BEGIN CERTIFICATE-----\n…\n', fingerprint: 'AA:BB' };

let auth: AuthService;
afterEach(() => auth.close());

it('hands out the certificate of the authority, and its fingerprint', async () => {
  auth = await startAuthService({ readAuthorities: async () => [AUTHORITY] });
  const certificate = await auth.request('/ca.crt');
  expect([certificate.status, certificate.text]).toEqual([200, AUTHORITY.pem]);
  expect(certificate.headers.get('content-type')).toBe('application/x-pem-file');
  const fingerprint = await auth.request('/ca.crt.sha256');
  expect([fingerprint.status, fingerprint.text]).toEqual([200, 'AA:BB\n']);
});

it('hands out those that servers still need behind it, with a fingerprint for each', async () => {
  const retired = { pem: '-----BEGIN CERTIFICATE-----\n_\n', fingerprint: 'CC:DD' };
  auth = await startAuthService({ readAuthorities: async () => [AUTHORITY, retired] });
  expect((await auth.request('/ca.crt')).text).toBe(AUTHORITY.pem + retired.pem);
  expect((await auth.request('/ca.crt.sha256')).text).toBe('AA:BB\nCC:DD\n');
});

it.each(['/ca.crt', '/ca.crt.sha256'])(
  '%s says what to do where there is no authority',
  async (path) => {
    auth = await startAuthService();
    const answer = await auth.request(path);
    expect(answer.status).toBe(404);
    expect(answer.text).toContain('portolan ca init');
  },
);

it('answers the challenges of an ACME server, and no others', async () => {
  auth = await startAuthService({
    readChallenge: async (token) => (token === 'one' ? 'one.thumbprint' : undefined),
  });
  const answer = await auth.request('/.well-known/acme-challenge/one');
  expect([answer.status, answer.text]).toEqual([200, 'one.thumbprint']);
  const path = '/.well-known/acme-challenge/';
  for (const other of ['two', '', 'one/', '..%2fone', '%6fne']) {
    expect((await auth.request(path + other)).status, other).toBe(404);
  }
});

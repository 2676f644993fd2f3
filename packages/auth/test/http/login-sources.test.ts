import { describe, expect, it, onTestFinished } from 'vitest';
import type { AuthDeps } from '../../src/index.ts';
import { basic, parameters, SERVICE, startAuthService } from '../fixtures/auth-service.ts';

const STRANGER = '203.0.113.9';
const ALICE = '192.0.2.1';

/** What the listener makes of the header is its own matter. */
const believe: AuthDeps['readClient'] = ({ headers }) => ({
  address: headers['x-forwarded-for']?.toString(),
  isEncrypted: true,
});

async function start(overrides: Partial<AuthDeps>) {
  const auth = await startAuthService(overrides);
  onTestFinished(() => auth.close());
  await auth.addUser('alice', 'alices password');
  const login = async (password: string, forwardedFor: string): Promise<number> => {
    const headers = { authorization: basic(`alice:${password}`), 'x-forwarded-for': forwardedFor };
    const query = parameters({ service: SERVICE }).toString();
    return (await auth.request(`/token?${query}`, { headers })).status;
  };
  return { auth, login };
}

const PASSWORDS = Array.from({ length: 6 }, (_, i) => `wrong ${i}`);

describe('failed logins', () => {
  it('slow down the stranger alone', async () => {
    const { auth, login } = await start({ readClient: believe });
    for (const password of PASSWORDS) await login(password, STRANGER);
    expect(await login('wrong again', STRANGER)).toBe(429);
    expect(await login('alices password', ALICE)).toBe(200);
    expect(auth.log()).toContain(`"source":"${STRANGER}","isEncrypted":true`);
  });

  it('cannot claim by a header to come from elsewhere', async () => {
    const { login } = await start({});
    for (const [i, password] of PASSWORDS.entries()) await login(password, `198.51.100.${i}`);
    expect(await login('wrong again', '198.51.100.99')).toBe(429);
  });
});

import { describe, expect, it, onTestFinished } from 'vitest';
import { basic, parameters, SERVICE, startAuthService } from '../fixtures/auth-service.ts';

const STRANGER = '203.0.113.9';
const ALICE = '192.0.2.1';

async function startBehindProxy(isForwardedForTrusted: boolean) {
  const auth = await startAuthService({ isForwardedForTrusted });
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
  it('through a proxy that is trusted slow down the stranger alone', async () => {
    const { auth, login } = await startBehindProxy(true);
    for (const password of PASSWORDS) await login(password, STRANGER);
    expect(await login('wrong again', STRANGER)).toBe(429);
    expect(await login('alices password', ALICE)).toBe(200);
    expect(auth.log()).toContain(`"source":"${STRANGER}"`);
  });

  it('through a proxy that is trusted are counted by its own word, the last', async () => {
    const { login } = await startBehindProxy(true);
    for (const [i, password] of PASSWORDS.entries()) {
      await login(password, `198.51.100.${i}, ${STRANGER}`);
    }
    expect(await login('wrong again', `198.51.100.99, ${STRANGER}`)).toBe(429);
  });

  it('cannot claim to come from elsewhere when no proxy is trusted', async () => {
    const { login } = await startBehindProxy(false);
    for (const [i, password] of PASSWORDS.entries()) await login(password, `198.51.100.${i}`);
    expect(await login('wrong again', '198.51.100.99')).toBe(429);
  });
});

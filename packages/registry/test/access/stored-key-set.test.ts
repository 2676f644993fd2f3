import { exportJWK, generateKeyPair } from 'jose';
import { expect, it } from 'vitest';
import { storedKeySet } from '../../src/access/stored-key-set.ts';

const { publicKey } = await generateKeyPair('ES256', { extractable: true });
const jwk = { ...(await exportJWK(publicKey)), kid: 'first' };

it('reads the keys again when an access change, an unknown key or five seconds ask for it', async () => {
  let now = 0;
  let access = 1;
  let reads = 0;
  const load = async () => {
    reads++;
    return { keys: [jwk] };
  };
  const generations = { current: async () => ({ access, content: 0 }) };
  const keys = storedKeySet(load, { clock: () => now, generations });
  const steps: [string, () => void, string, number][] = [
    ['the first time', () => undefined, 'first', 1],
    ['not at once again', () => undefined, 'first', 1],
    ['not within a second for a forged kid', () => (now += 900), 'forged', 1],
    ['after a second for an unknown kid', () => (now += 200), 'unknown', 2],
    ['at once when a right or key has changed', () => (access += 1), 'first', 3],
    ['after five seconds', () => (now += 5000), 'first', 4],
  ];
  for (const [name, change, kid, expected] of steps) {
    change();
    await keys.find(kid);
    expect(reads, name).toBe(expected);
  }
});

import { describe, expect, it } from 'vitest';
import { createPasswordHasher } from '../../src/identity/password-hasher.ts';

const median = (list: number[]): number => list.sort((a, b) => a - b)[4] ?? 0;
const refuse = () => {
  throw new Error('no');
};
const CHEAP = { memoryCost: 1024, timeCost: 2 };

describe('password hasher', () => {
  it('makes argon2id hashes at the minimum that OWASP names, or above', async () => {
    const hasher = createPasswordHasher();
    const hash = await hasher.hash('correct horse');
    expect(hash).toMatch(/^\$argon2id\$v=19\$(?=\S*\bm=19456\b)(?=\S*\bt=2\b)(?=\S*\bp=1\b)/);
    expect(await hasher.verify(hash, 'correct horse')).toBe(true);
    expect(await hasher.verify(hash, 'correct horsf')).toBe(false);
    expect(hasher.needsRehash(hash)).toBe(false);
  });

  it('tells passwords apart that differ after many bytes', async () => {
    const hasher = createPasswordHasher(CHEAP);
    const long = 'x'.repeat(100);
    const hash = await hasher.hash(`${long}a`);
    expect(await hasher.verify(hash, `${long}b`)).toBe(false);
  });

  it('wants a hash of other parameters made anew', async () => {
    const old = await createPasswordHasher(CHEAP).hash('x');
    expect(createPasswordHasher().needsRehash(old)).toBe(true);
  });

  it('works as long for an unknown user as for a known one', async () => {
    const hasher = createPasswordHasher();
    const hash = await hasher.hash('x');
    const time = async (known: string | undefined): Promise<number> => {
      const startedAt = performance.now();
      expect(await hasher.verify(known, 'y')).toBe(false);
      return performance.now() - startedAt;
    };
    const samples = { known: [] as number[], unknown: [] as number[] };
    for (let i = 0; i < 9; i++) {
      samples.known.push(await time(hash));
      samples.unknown.push(await time(undefined));
    }
    const ratio = median(samples.unknown) / median(samples.known);
    expect(ratio).toBeGreaterThan(0.5);
    expect(ratio).toBeLessThan(2);
  });

  it('runs few at a time, lets some wait, and refuses the rest', async () => {
    const hasher = createPasswordHasher({ ...CHEAP, concurrency: 2, maxWaiting: 3 });
    let running = 0;
    let most = 0;
    const release = Promise.withResolvers<void>();
    const attempts = Array.from({ length: 8 }, () =>
      hasher.verify(undefined, 'x', async () => {
        most = Math.max(most, ++running);
        await release.promise;
        running--;
      }),
    );
    const settled = Promise.allSettled(attempts);
    release.resolve();
    const results = await settled;
    expect(most).toBe(2);
    const refused = results.filter((result) => result.status === 'rejected');
    expect(refused.map(({ reason }) => reason)).toEqual(
      Array.from({ length: 3 }, () =>
        expect.objectContaining({
          code: 'too-busy',
          detail: expect.objectContaining({ retryAfterSeconds: 2 }),
        }),
      ),
    );
    // Turns are given back, also by those that were refused while running.
    expect(await hasher.verify(undefined, 'x')).toBe(false);
  });

  it('gives the turn back when admission is refused', async () => {
    const hasher = createPasswordHasher({ ...CHEAP, concurrency: 1, maxWaiting: 5 });
    const results = await Promise.allSettled(
      [1, 2, 3].map(() => hasher.verify(undefined, 'x', refuse)),
    );
    expect(results.map(({ status }) => status)).toEqual(['rejected', 'rejected', 'rejected']);
    expect(await hasher.verify(undefined, 'x')).toBe(false);
  });
});

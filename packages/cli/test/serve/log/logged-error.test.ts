import { DomainError } from '@portolan/oci';
import { describe, expect, it } from 'vitest';
import { loggedError } from '../../../src/serve/log/logged-error.ts';

describe('a logged error', () => {
  it('has what an operator needs', () => {
    const cause = Object.assign(new Error('no route'), { code: 'EHOSTUNREACH', port: 443 });
    const error = new DomainError('disk-full', 'the disk is full', { floor: 5 }, { cause });
    expect(loggedError(error)).toMatchObject({
      message: 'the disk is full',
      stack: expect.stringContaining('logged-error.test.ts'),
      code: 'disk-full',
      detail: { floor: 5 },
      cause: { type: 'Error', message: 'no route', code: 'EHOSTUNREACH', port: 443 },
    });
  });

  it('has nothing else that a library has hung on it', () => {
    const rawPacket = Buffer.from('canary');
    const extra = { rawPacket, headers: { authorization: 'canary' }, options: { auth: 'canary' } };
    const inner = Object.assign(new Error('inner'), extra);
    const outer = Object.assign(new AggregateError([inner], 'outer', { cause: inner }), extra);
    const text = JSON.stringify(loggedError(outer));
    expect(text).toContain('inner');
    expect(text).not.toMatch(/canary|Packet|99,97,110,97,114,121/);
  });

  it('ends where causes go round in a circle', () => {
    const error = new Error('round');
    error.cause = error;
    expect(JSON.stringify(loggedError(error)).length).toBeLessThan(100_000);
  });

  it.each(['a text', undefined, null, 7])('may be no error at all: %s', (thrown) => {
    expect(loggedError(thrown).message).toBe(String(thrown));
  });
});

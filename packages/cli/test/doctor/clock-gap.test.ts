// What the doctor makes of two clocks, and of a push that is refused because of them.
import { describe, expect, it } from 'vitest';
import { parseRegistryAddress } from '@portolan/clients';
import type { ServerAnswer } from '../../src/connection/named-request.ts';
import type { Finding, World } from '../../src/doctor/check.ts';
import { pushCheck } from '../../src/doctor/checks/push.ts';
import { clock } from '../../src/doctor/checks/reach.ts';
import { clockGap, describeGap } from '../../src/doctor/clock-gap.ts';

const NOW = Date.parse('2026-01-01T12:00:00Z');
const DAY_S = 24 * 60 * 60;

/** A server that refuses everybody, whose clock is ahead of ours. */
function refusing(aheadSeconds: number): World {
  const headers = new Map([['date', new Date(NOW + aheadSeconds * 1000).toUTCString()]]);
  const answer: ServerAnswer = {
    status: 401,
    headers,
    body: Buffer.alloc(0),
    localAddress: '127.0.0.1',
  };
  return {
    machine: '',
    open: '',
    server: {
      address: parseRegistryAddress('https://registry.test'),
      ca: undefined,
      retired: [],
      connection: { send: async () => answer, sendPart: async () => undefined },
      clock: () => NOW,
      randomId: () => '0123456789abcdef',
      views: undefined,
      isOwn: true,
      login: undefined,
      signToken: async () => 'a.b.c',
      namespace: 'admin',
      failures: undefined,
      publicRepository: undefined,
      allowsAnonymous: undefined,
    },
  };
}

async function found(check: typeof clock, aheadSeconds: number): Promise<Finding> {
  const [finding] = [await check.run(refusing(aheadSeconds))].flat();
  if (finding === undefined) throw new Error('nothing was found');
  return finding;
}

describe('two clocks', () => {
  it.each([
    [0, 'ok', 'both say the same'],
    [12, 'warn', 'the clock of the server is 12 seconds ahead of the one here'],
    [302, 'fail', 'the clock of the server is 5 minutes ahead of the one here'],
    [-303, 'fail', "the clock here is 5 minutes ahead of the server's"],
    [-3 * 60 * 60, 'fail', "the clock here is 3 hours ahead of the server's"],
    [100 * DAY_S, 'fail', 'the clock of the server is 100 days ahead of the one here'],
  ])('of which that of the server is %i s ahead: %s', async (ahead, verdict, summary) => {
    expect(await found(clock, ahead)).toMatchObject({ verdict, summary });
  });

  it('are the same while the answer was under way', () => {
    const headers = new Map([['date', new Date(NOW).toUTCString()]]);
    expect(clockGap({ headers }, { from: NOW - 2000, to: NOW + 3000 })).toBe(0);
    expect(
      clockGap({ headers: new Map<string, string>() }, { from: NOW, to: NOW }),
    ).toBeUndefined();
    expect(describeGap(1000)).toContain('1 second ahead');
  });
});

describe('a push with a token that was signed here, and is refused', () => {
  it.each([302, -302, 100 * DAY_S])('is laid to clocks %i s apart', async (ahead) => {
    const { verdict, summary } = await found(pushCheck, ahead);
    expect(verdict).toBe('skipped');
    expect(summary).toMatch(/^no token that is signed here is good there: the clock .* ahead/);
  });

  it('is laid to the settings where the clocks agree', async () => {
    const { verdict, meaning } = await found(pushCheck, 0);
    expect(verdict).toBe('fail');
    expect(meaning).toContain('another public_url');
  });
});

import type { LookupAddress } from 'node:dns';
import { describe, expect, it } from 'vitest';
import {
  createEgressGuard,
  type EgressGuard,
  type Resolve,
} from '../../src/client/egress-guard.ts';

const closed = createEgressGuard({ allowedNetworks: [] });

/** As `net.connect` would be called with it, after the URL parser has made an address of a spelling. */
const inUrl = (host: string): string => new URL(`http://${host}/`).hostname;

const REFUSED = [
  '0.0.0.0',
  '0.1.2.3',
  '10.0.0.1',
  '10.255.255.255',
  '100.64.0.1',
  '100.100.100.200',
  '127.0.0.1',
  '127.255.255.254',
  '169.254.169.254',
  '172.16.0.1',
  '172.31.255.255',
  '192.0.0.192',
  '192.168.1.1',
  '198.18.0.1',
  '224.0.0.1',
  '255.255.255.255',
  '2130706433',
  '0x7f000001',
  '0x7f.1',
  '0177.0.0.1',
  '017700000001',
  '127.1',
  '127.0.1',
  '127.0.0.1.',
  '0xa9fea9fe',
  '2852039166',
  '[::]',
  '[::1]',
  '[0:0:0:0:0:0:0:1]',
  '[::ffff:127.0.0.1]',
  '[::ffff:7f00:1]',
  '[0:0:0:0:0:ffff:10.0.0.1]',
  '[::127.0.0.1]',
  '[64:ff9b::7f00:1]',
  '[64:ff9b::169.254.169.254]',
  '[64:ff9b:1::1]',
  '[fe80::1]',
  '[fd00:ec2::254]',
  '[fc00::1]',
  '[ff02::1]',
  '[2002:7f00:1::]',
  '[2001::1]',
  '[::ffff:0:127.0.0.1]',
];

const PUBLIC = [
  '1.1.1.1',
  '172.32.0.1',
  '100.128.0.1',
  '[2606:4700::1111]',
  '[::ffff:1.1.1.1]',
  '[64:ff9b::101:101]',
];

describe('the egress guard', () => {
  it.each(REFUSED)('refuses %s', (host) => {
    expect(closed.isAllowed(inUrl(host).replace(/\.$/, ''))).toBe(false);
    expect(() => closed.checkHost(inUrl(host).replace(/\.$/, ''))).toThrow('is not an address');
  });

  it('says which setting lets a registry of ours in', () => {
    const hint = expect.stringContaining('PORTOLAN_MIRROR_ALLOWED_NETWORKS');
    expect(() => closed.checkHost('10.0.0.1')).toThrow(
      expect.objectContaining({ detail: { host: '10.0.0.1', hint } }),
    );
  });

  it.each(PUBLIC)('lets %s pass', (host) => {
    expect(closed.isAllowed(inUrl(host))).toBe(true);
    expect(() => closed.checkHost(inUrl(host))).not.toThrow();
  });

  it.each([
    ['10.1.0.0/16', '10.1.2.3', '10.2.0.1'],
    ['127.0.0.1', '127.0.0.1', '127.0.0.2'],
    ['10.0.0.0/8', '::ffff:10.1.2.3', '::ffff:192.168.0.1'],
    ['fd12::/16', 'fd12::1', 'fd13::1'],
    ['fe80::/10', 'fe80::1%eth0', 'fd00::1'],
    ['::1', '::1', '127.0.0.1'],
  ])('opens %s, and no more', (network, inside, outside) => {
    const guard = createEgressGuard({ allowedNetworks: [network] });
    expect(guard.isAllowed(inside)).toBe(true);
    expect(guard.isAllowed(outside)).toBe(false);
  });

  it.each(['10.0.0.0/33', '10.0.0.0/', '10.0.0', 'localhost', '::1/129', '10.0.0.0/8/8', ''])(
    'wants a network, not %j',
    (network) => {
      expect(() => createEgressGuard({ allowedNetworks: [network] })).toThrow('not a CIDR');
    },
  );
});

const familyOf = (address: string): number => (address.includes(':') ? 6 : 4);

const answer = (...addresses: string[]): { calls: () => number; resolve: Resolve } => {
  let calls = 0;
  const resolve: Resolve = (_name, _options, callback) => {
    calls++;
    callback(
      null,
      addresses.map((address) => ({ address, family: familyOf(address) })),
    );
  };
  return { calls: () => calls, resolve };
};

function look(resolve: Resolve, all: boolean): Promise<string | LookupAddress[]> {
  const guard = createEgressGuard({ allowedNetworks: [] }, resolve);
  return new Promise((done, fail) => {
    guard.lookup('rebinding.example', { all }, (error, address) => {
      if (error === null) done(address);
      else fail(error);
    });
  });
}

describe('names', () => {
  it('are resolved once, and that answer is what is connected to', async () => {
    const names = answer('1.1.1.1');
    expect(await look(names.resolve, false)).toBe('1.1.1.1');
    expect(names.calls()).toBe(1);
  });

  it.each([['127.0.0.1'], ['169.254.169.254', '::1'], []])(
    'that lead only to %s are refused',
    async (...addresses) => {
      await expect(look(answer(...addresses).resolve, true)).rejects.toMatchObject({
        code: 'egress-refused',
      });
    },
  );

  it('keep those of their addresses that are allowed', async () => {
    const found = await look(answer('127.0.0.1', '1.1.1.1', '10.0.0.1').resolve, true);
    expect(found).toEqual([{ address: '1.1.1.1', family: 4 }]);
  });
});

const find = (guard: EgressGuard, name: string): Promise<unknown> =>
  new Promise((done) => {
    guard.lookup(name, { all: true }, (error, found) => done(error ?? found));
  });

describe('a host that was named', () => {
  it('as an address is connected to in a network of ours, and nothing else there', () => {
    const namedHosts = ['10.0.0.7', '[fd00::7]', '169.254.169.254'];
    const guard = createEgressGuard({ allowedNetworks: [], namedHosts });
    for (const address of ['10.0.0.7', '::ffff:10.0.0.7', 'fd00::7']) {
      expect(guard.isAllowed(address), address).toBe(true);
    }
    for (const address of ['10.0.0.1', '127.0.0.1', 'fd00::1', '169.254.169.254']) {
      expect(guard.isAllowed(address), address).toBe(false);
    }
  });

  it('has the addresses of its first answer, whatever it leads to later', async () => {
    const answers = [['192.168.1.7'], ['192.168.1.7', '10.0.0.1'], ['10.0.0.1']];
    const resolve: Resolve = (_name, _options, callback) => {
      const found = answers.shift() ?? [];
      callback(
        null,
        found.map((address) => ({ address, family: 4 })),
      );
    };
    const guard = createEgressGuard({ allowedNetworks: [], namedHosts: ['nas.lan'] }, resolve);
    expect(guard.isAllowed('192.168.1.7')).toBe(false);
    const own = [{ address: '192.168.1.7', family: 4 }];
    expect(await find(guard, 'NAS.lan')).toEqual(own);
    expect(await find(guard, 'nas.lan')).toEqual(own);
    expect(await find(guard, 'nas.lan')).toMatchObject({ code: 'egress-refused' });
  });

  it('lends its place to no other name', async () => {
    const { resolve } = answer('10.0.0.7');
    const guard = createEgressGuard({ allowedNetworks: [], namedHosts: ['nas.lan'] }, resolve);
    expect(await find(guard, 'other.lan')).toMatchObject({ code: 'egress-refused' });
  });
});

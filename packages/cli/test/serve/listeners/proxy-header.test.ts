import { describe, expect, it } from 'vitest';
import { parseFixedPart, parseSourceAddress } from '../../../src/serve/listeners/proxy-header.ts';
import { exchange, startListener } from './start-listener.ts';

function header(hex: string): Buffer {
  return Buffer.from(`0d0a0d0a000d0a515549540a ${hex}`.replaceAll(' ', ''), 'hex');
}

const V4_ADDRESSES = Buffer.from('c00002010a0000011f901388', 'hex');
const V4 = Buffer.concat([header('2111000c'), V4_ADDRESSES]);
const V6 = header(
  '21210024 20010db8000000000000000000000001 20010db8000000000000000000000002 1f90 1388',
);
const MAPPED_V4 = header(
  '21210024 00000000000000000000ffffc0000201 00000000000000000000ffff0a000001 1f90 1388',
);
const LOCAL = header('20000000');
const REQUEST = 'GET /livez HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n';

function sourceOf(bytes: Buffer): string | undefined {
  return parseSourceAddress(parseFixedPart(bytes.subarray(0, 16)), bytes.subarray(16));
}

describe('a header', () => {
  it.each<[what: string, bytes: Buffer, address: string | undefined]>([
    ['of IPv4', V4, '192.0.2.1'],
    ['of IPv6', V6, '2001:db8::1'],
    ['of IPv4 as IPv6', MAPPED_V4, '192.0.2.1'],
    [
      'with more than addresses',
      Buffer.concat([header('2111000f'), V4_ADDRESSES, Buffer.from('040000', 'hex')]),
      '192.0.2.1',
    ],
    ['of the proxy itself', LOCAL, undefined],
    [
      'of the proxy itself with addresses',
      Buffer.concat([header('2011000c'), V4_ADDRESSES]),
      undefined,
    ],
    ['of a family that is not said', header('21000000'), undefined],
    ['of a unix socket', Buffer.concat([header('213100d8'), Buffer.alloc(216)]), undefined],
  ])('%s says where the client is', (_, bytes, address) => {
    expect(sourceOf(bytes)).toBe(address);
  });

  it.each<[what: string, bytes: Buffer, problem: string]>([
    ['of version 1', Buffer.from('PROXY TCP4 192.0.2.1 10.0.0.1 1 2\r\n'), 'must send version 2'],
    ['that is none', Buffer.from('GET / HTTP/1.1\r\n'), 'must send one'],
    ['of version 3', header('3111000c'), 'version is not 2'],
    ['with an unknown command', header('2211000c'), 'command is unknown'],
    ['that is too long', header('2111ffff'), 'too long'],
    [
      'whose IPv4 addresses are cut off',
      Buffer.concat([header('2111000b'), Buffer.alloc(11)]),
      'cut off',
    ],
    [
      'whose IPv6 addresses are cut off',
      Buffer.concat([header('2121000c'), V4_ADDRESSES]),
      'cut off',
    ],
  ])('%s is refused', (_, bytes, problem) => {
    expect(() => sourceOf(bytes)).toThrow(problem);
  });
});

describe('a listener with proxy-protocol', () => {
  const bytes = [...V4].map((_, i) => V4.subarray(i, i + 1));
  it.each<[what: string, parts: (string | Buffer)[], address: string]>([
    ['in one packet with the request', [Buffer.concat([V4, Buffer.from(REQUEST)])], '192.0.2.1'],
    ['in its own packet', [V4, REQUEST], '192.0.2.1'],
    ['byte by byte', [...bytes, REQUEST], '192.0.2.1'],
    ['of IPv6', [V6, REQUEST], '2001:db8::1'],
    ['of the proxy itself', [LOCAL, REQUEST], '127.0.0.1'],
  ])('takes a header %s', async (_, parts, address) => {
    const listener = await startListener('127.0.0.1:0?proxy-protocol');
    expect(await exchange(listener.port, parts)).toMatch(/^HTTP\/1\.1 200 [\s\S]*GET \/livez/);
    expect(listener.peer()).toEqual({ address, isLocal: false, isEncrypted: false });
  });

  it('answers what follows in order', async () => {
    const listener = await startListener('127.0.0.1:0?proxy-protocol');
    const first = 'POST /one HTTP/1.1\r\nHost: a\r\nContent-Length: 5\r\n\r\nhello';
    const answer = await exchange(listener.port, [V4, first + REQUEST]);
    expect(answer).toMatch(/POST \/one[\s\S]*GET \/livez/);
  });

  it.each<[what: string, parts: (string | Buffer)[], reason: string]>([
    ['without a header', [REQUEST], 'does not begin with a PROXY protocol header'],
    ['with a header of version 1', ['PROXY TCP4 1.2.3.4 1.2.3.4 1 2\r\n', REQUEST], 'version 1'],
  ])('closes a connection %s unanswered', async (_, parts, reason) => {
    const listener = await startListener('127.0.0.1:0?proxy-protocol');
    expect(await exchange(listener.port, parts)).toBe('');
    expect(listener.reasons).toEqual([expect.stringContaining(reason)]);
  });

  it('waits for the rest of a header without a turn of work', async () => {
    const listener = await startListener('127.0.0.1:0?proxy-protocol');
    const half = exchange(listener.port, [V4.subarray(0, 20)]);
    const before = process.cpuUsage();
    await new Promise((resolve) => setTimeout(resolve, 300));
    expect(process.cpuUsage(before).user).toBeLessThan(200_000);
    await listener.drain(60_000);
    expect(await half).toBe('');
  });
});

it('takes no header where none is expected', async () => {
  const listener = await startListener('127.0.0.1:0');
  expect(await exchange(listener.port, [V4, REQUEST])).toMatch(/^HTTP\/1\.1 400 /);
});

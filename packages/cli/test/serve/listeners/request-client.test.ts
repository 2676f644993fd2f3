import { IncomingMessage } from 'node:http';
import { Socket } from 'node:net';
import { describe, expect, it } from 'vitest';
import { createPeers, type Peer } from '../../../src/serve/listeners/peer.ts';
import { createReadClient } from '../../../src/serve/listeners/request-client.ts';

const TRUSTED = ['10.0.0.0/8', '192.0.2.7', 'fd00::/8'];
const PROXY: Peer = { address: '10.0.0.1', isLocal: false, isEncrypted: false };
const MAPPED: Peer = { ...PROXY, address: '::ffff:10.0.0.1' };
const STRANGER: Peer = { ...PROXY, address: '203.0.113.9' };
const LOCAL: Peer = { address: undefined, isLocal: true, isEncrypted: false };

function clientOf(peer: Peer | undefined, headers: Record<string, string>) {
  const socket = new Socket();
  const peers = createPeers();
  if (peer !== undefined) peers.note(socket, peer);
  const request = new IncomingMessage(socket);
  Object.assign(request.headers, headers);
  return createReadClient(peers, TRUSTED)(request);
}

describe.each([
  [undefined, '10.0.0.1', '203.0.113.9', undefined],
  ['', '10.0.0.1', '203.0.113.9', undefined],
  ['198.51.100.1', '198.51.100.1', '203.0.113.9', '198.51.100.1'],
  ['198.51.100.1:4711', '198.51.100.1', '203.0.113.9', '198.51.100.1'],
  ['[2001:db8::1]:4711', '2001:db8::1', '203.0.113.9', '2001:db8::1'],
  ['2001:DB8:0::1', '2001:db8::1', '203.0.113.9', '2001:db8::1'],
  ['::ffff:198.51.100.1', '198.51.100.1', '203.0.113.9', '198.51.100.1'],
  // The client's own word stands left of what the proxies wrote.
  ['1.1.1.1, 198.51.100.1', '198.51.100.1', '203.0.113.9', '198.51.100.1'],
  ['1.1.1.1, 198.51.100.1, 10.2.3.4', '198.51.100.1', '203.0.113.9', '198.51.100.1'],
  ['198.51.100.1,fd00::5,192.0.2.7', '198.51.100.1', '203.0.113.9', '198.51.100.1'],
  ['10.9.9.9, 10.2.3.4', '10.9.9.9', '203.0.113.9', '10.9.9.9'],
  ['198.51.100.1, unknown', '10.0.0.1', '203.0.113.9', undefined],
  ['198.51.100.1, unknown, 10.2.3.4', '10.2.3.4', '203.0.113.9', '10.2.3.4'],
  ['198.51.100.1,,', '198.51.100.1', '203.0.113.9', '198.51.100.1'],
  ['1.2.3.4.5', '10.0.0.1', '203.0.113.9', undefined],
])('a request with X-Forwarded-For: %s', (header, trusted, untrusted, local) => {
  it.each([
    ['a trusted proxy', PROXY, trusted],
    ['a stranger', STRANGER, untrusted],
    ['a unix socket', LOCAL, local],
  ])('from %s has the right client', (_, peer, address) => {
    const headers = header === undefined ? {} : { 'x-forwarded-for': header };
    expect(clientOf(peer, headers).address).toBe(address);
  });
});

it('knows a trusted proxy by its mapped address, too', () => {
  expect(clientOf(MAPPED, { 'x-forwarded-for': '198.51.100.1' }).address).toBe('198.51.100.1');
});

it('believes no header on a connection that nobody noted', () => {
  expect(clientOf(undefined, { 'x-forwarded-for': '198.51.100.1' })).toEqual({
    address: undefined,
    isEncrypted: false,
    isForwarded: false,
  });
});

it.each([PROXY, LOCAL])('believes no header in a tunnel, which %o only led', (peer) => {
  const headers = { 'x-forwarded-for': '198.51.100.1', 'x-forwarded-proto': 'http' };
  expect(clientOf({ ...peer, isEncrypted: true, isTunnelled: true }, headers)).toEqual({
    address: peer.address,
    isEncrypted: true,
    isForwarded: false,
  });
});

it.each<[peer: Peer, proto: string | undefined, isEncrypted: boolean]>([
  [PROXY, 'https', true],
  [PROXY, 'HTTPS', true],
  [PROXY, 'http', false],
  [PROXY, 'http, https', true],
  [PROXY, undefined, false],
  [{ ...PROXY, isEncrypted: true }, undefined, true],
  [{ ...PROXY, isEncrypted: true }, 'http', false],
  [LOCAL, 'https', true],
  [STRANGER, 'https', false],
  [{ ...STRANGER, isEncrypted: true }, 'http', true],
])('from %o with X-Forwarded-Proto: %s is encrypted: %s', (peer, proto, isEncrypted) => {
  const headers = proto === undefined ? {} : { 'x-forwarded-proto': proto };
  expect(clientOf(peer, headers).isEncrypted).toBe(isEncrypted);
});

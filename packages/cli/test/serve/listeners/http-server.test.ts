import { once } from 'node:events';
import { connect } from 'node:net';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { ListenAddress } from '../../../src/config/listen-address.ts';
import { createConnectionSlots } from '../../../src/serve/listeners/connection-limit.ts';
import { type HttpServer, startHttpServer } from '../../../src/serve/listeners/http-server.ts';
import { createPeers } from '../../../src/serve/listeners/peer.ts';
import { exchange, startListener } from './start-listener.ts';

const LOOPBACK: ListenAddress = {
  scheme: 'http',
  kind: 'tcp',
  host: '127.0.0.1',
  port: 0,
  hasProxyHeader: false,
};

let server: HttpServer;

beforeAll(async () => {
  server = await startHttpServer(LOOPBACK, {
    peers: createPeers(),
    slots: createConnectionSlots(10),
    tls: undefined,
    report: () => undefined,
    randomId: () => 'an-id',
  });
  server.handle({
    request: (_, response) => response.end(),
    checkContinue: (_, response) => response.end(),
  });
});
afterAll(() => server.drain(0));

async function statusOf(headers: string): Promise<string | undefined> {
  const { address } = server;
  if (address.kind !== 'tcp') throw new Error('the server is not on TCP');
  const socket = connect(address.port, '127.0.0.1');
  socket.write(`GET / HTTP/1.1\r\n${headers}Connection: close\r\n\r\n`);
  let text = '';
  socket.setEncoding('latin1').on('data', (part: string) => {
    text += part;
  });
  await once(socket, 'close');
  return /^HTTP\/1\.1 (\d+)/.exec(text)?.[1];
}

// What a proxy in front reads otherwise than we do could become two requests (reference S20).
describe('the listener', () => {
  it.each([
    ['one Host', 'Host: a\r\n', '200'],
    ['no Host', '', '400'],
    ['two Hosts', 'Host: a\r\nHost: b\r\n', '400'],
    ['the same Host twice', 'Host: a\r\nX: y\r\nhOST: a\r\n', '400'],
    ['two Hosts that expect to go on', 'Host: a\r\nHost: b\r\nExpect: 100-continue\r\n', '400'],
    ['two lengths', 'Host: a\r\nContent-Length: 0\r\nContent-Length: 0\r\n', '400'],
    [
      'a length and a coding',
      'Host: a\r\nContent-Length: 0\r\nTransfer-Encoding: chunked\r\n',
      '400',
    ],
    ['a folded header', 'Host: a\r\nX: a\r\n b\r\n', '400'],
    ['a space before the colon', 'Host : a\r\n', '400'],
    ['a bare line feed', 'Host: a\nX: y\r\n', '400'],
    ['a Host with a user', 'Host: registry.lan@evil\r\n', '400'],
    ['a Host with a path', 'Host: registry.lan/v2\r\n', '400'],
    ['a Host with a space', 'Host: a b\r\n', '400'],
    ['a Host of several', 'Host: a, b\r\n', '400'],
    ['a Host with an encoding', 'Host: a%2fb\r\n', '400'],
    ['a Host of nothing', 'Host: \r\n', '400'],
    ['a Host with a port that is none', 'Host: a:http\r\n', '400'],
    ['a Host with a port', 'Host: docker-io.registry.lan:5000\r\n', '200'],
    ['an IPv6 Host', 'Host: [2001:db8::1]:443\r\n', '200'],
    ['100 headers', `Host: a\r\n${'a:\r\n'.repeat(98)}`, '200'],
    ['more than 100 headers', `Host: a\r\n${'a:\r\n'.repeat(99)}`, '431'],
    ['a second Host after 3000 headers', `Host: a\r\n${'a:\r\n'.repeat(3000)}Host: b\r\n`, '431'],
    ['a header too large', `Host: a\r\nX: ${'x'.repeat(17_000)}\r\n`, '431'],
  ])('answers a request with %s', async (_, headers, status) => {
    expect(await statusOf(headers)).toBe(status);
  });
});

it('carries out nothing that follows a request that was refused', async () => {
  const { port, peer } = await startListener('127.0.0.1:0');
  const refused = 'GET /one HTTP/1.1\r\nHost: a\r\nHost: b\r\n\r\n';
  const answer = await exchange(port, [`${refused}DELETE /two HTTP/1.1\r\nHost: a\r\n\r\n`]);
  expect(answer).toMatch(/^HTTP\/1\.1 400 /);
  expect(peer()).toBeUndefined();
});

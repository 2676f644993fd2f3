import { once } from 'node:events';
import { type AddressInfo, connect, createServer, type Socket } from 'node:net';
import { connect as connectTls, createSecureContext } from 'node:tls';
import { expect, it } from 'vitest';
import { selfSigned } from './certificate-files.ts';
import { exchange, type ListenerOptions, readAll, startListener } from './start-listener.ts';
import { waitUntil } from '../start-server.ts';

const pem = selfSigned('one.test');
const context = createSecureContext({ cert: pem, key: pem });
const tls = { find: () => context, ticketKeys: () => Buffer.alloc(48) };
/** A name that is looked up without end. */
const never = new Promise<undefined>(() => undefined);
function findWithoutEnd(name: string | undefined) {
  return name === undefined ? context : never;
}
/** Of a proxy that speaks for itself. */
const LOCAL_HEADER = '\r\n\r\n\0\r\nQUIT\n\x20\0\0\0';
const REQUEST = 'GET /livez HTTP/1.1\r\nHost: one.test\r\nConnection: close\r\n\r\n';

function request(...lines: string[]): string {
  return ['GET / HTTP/1.1', ...lines, '', ''].join('\r\n');
}

it.each<[what: string, text: string, bytes: string, refusal: [status: string, reason: string]]>([
  ['no HTTP', '', 'GET / SPDY/9\r\n\r\n', ['400', 'bad_request']],
  ['two hosts', '', request('Host: a', 'Host: b'), ['400', 'bad_request']],
  [
    'two framings',
    '',
    request('Host: a', 'Content-Length: 1', 'Content-Length: 2'),
    ['400', 'bad_request'],
  ],
  ['a host that is none', '', request('Host: a/b'), ['400', 'bad_request']],
  [
    'a coding that nobody knows',
    '',
    request('Host: a', 'Transfer-Encoding: gzip, chunked'),
    ['501', 'unknown_coding'],
  ],
  [
    'many headers',
    '',
    request('Host: a', ...Array.from({ length: 100 }, (_, i) => `X${i}: 1`)),
    ['431', 'headers_too_large'],
  ],
  [
    'large headers',
    '',
    request('Host: a', `X: ${'a'.repeat(20_000)}`),
    ['431', 'headers_too_large'],
  ],
  ['no PROXY header', '?proxy-protocol', REQUEST, ['', 'proxy_header']],
  ['no TLS', 'https', REQUEST, ['', 'tls']],
])('counts %s once, and nothing else', async (_, text, bytes, [status, reason]) => {
  const isTls = text === 'https';
  const address = isTls ? 'https://127.0.0.1:0' : `127.0.0.1:0${text}`;
  const listener = await startListener(address, isTls ? { tls } : {});
  expect((await exchange(listener.port, [bytes])).slice(9, 12)).toBe(status);
  await waitUntil(() => listener.refusals.length > 0);
  expect(listener.refusals).toEqual([reason]);
});

it('counts what is beyond the limit of connections', async () => {
  const options: ListenerOptions = { maxConnections: 1 };
  const listener = await startListener('127.0.0.1:0', options);
  const held = connect(listener.port, '127.0.0.1');
  await new Promise((resolve) => held.once('connect', resolve));
  expect(await exchange(listener.port, [REQUEST])).toBe('');
  expect(listener.refusals).toEqual(['connection_limit']);
  held.destroy();
});

it.each(['127.0.0.1:0', 'https://127.0.0.1:0'])(
  'counts neither what is right, nor who leaves, nor who is given up at the stop: %s',
  async (text) => {
    const listener = await startListener(text, { tls });
    if (!text.startsWith('https'))
      expect(await exchange(listener.port, [REQUEST])).toContain('200');
    const [leaving, staying] = [0, 1].map(() => connect(listener.port, '127.0.0.1'));
    staying?.on('error', () => undefined);
    await new Promise((resolve) => staying?.once('connect', resolve));
    if (!text.startsWith('https')) leaving?.resetAndDestroy();
    await new Promise((resolve) => setTimeout(resolve, 50));
    await listener.drain(0);
    leaving?.destroy();
    staying?.destroy();
    expect(listener.refusals).toEqual([]);
  },
);

/** Sends the bytes, and its end; resolves with what it got, once the server has freed the connection. */
async function leave(port: number, parts: readonly string[]): Promise<string> {
  const socket = connect({ port, host: '127.0.0.1', allowHalfOpen: true });
  const all = readAll(socket);
  for (const part of parts) {
    socket.write(Buffer.from(part, 'latin1'));
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
  socket.end();
  return all;
}

const CONNECT = 'CONNECT quay.io:443 HTTP/1.1\r\nHost: quay.io:443\r\n\r\n';
const HALF_A_HELLO = '\x16\x03\x01\x02\x00';
/** The first flight of a client that asks for one.test. */
async function clientHello(): Promise<string> {
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  const client = connectTls({ port, host: '127.0.0.1', servername: 'one.test' });
  client.on('error', () => undefined);
  const [socket] = (await once(server, 'connection')) as [Socket];
  const [bytes] = (await once(socket, 'data')) as [Buffer];
  client.destroy();
  server.close();
  return bytes.toString('latin1');
}

const HELLO = await clientHello();

it.each<[what: string, text: string, parts: readonly string[]]>([
  ['before TLS', 'https://127.0.0.1:0', []],
  ['within TLS', 'https://127.0.0.1:0', [HALF_A_HELLO]],
  ['while a certificate is looked for', 'https://127.0.0.1:0', [HELLO]],
  ['after a PROXY header', 'https://127.0.0.1:0?proxy-protocol', [LOCAL_HEADER]],
  ['after CONNECT', 'connect://127.0.0.1:0', [CONNECT]],
  ['within TLS after CONNECT', 'connect://127.0.0.1:0', [CONNECT, HALF_A_HELLO]],
  ['within TLS together with CONNECT', 'connect://127.0.0.1:0', [CONNECT + HALF_A_HELLO]],
])('frees a client that leaves %s at once, and counts it as tls', async (_, text, parts) => {
  const listener = await startListener(text, { tls: { ...tls, find: findWithoutEnd } });
  const startedAt = performance.now();
  await leave(listener.port, parts);
  expect(performance.now() - startedAt).toBeLessThan(10_000);
  await waitUntil(() => listener.refusals.length > 0);
  expect(listener.refusals).toEqual(['tls']);
  expect(listener.reasons).toEqual(['the client left within its TLS handshake']);
});

it.each([
  ['400', request('Host: a', 'Host: b')],
  ['400', request()],
  ['400', request('Host: a', 'Transfer-Encoding: chunked').replace('HTTP/1.1', 'HTTP/1.0')],
  ['417', request('Host: a', 'Expect: a miracle')],
  ['431', request('Host: a', ...Array.from({ length: 100 }, (_, i) => `X${i}: 1`))],
  ['501', request('Host: a', 'Transfer-Encoding: gzip, chunked')],
])('refuses with %s, a word about why, and the id that it is logged with', async (status, text) => {
  const listener = await startListener('127.0.0.1:0');
  const answer = await exchange(listener.port, [text]);
  const [head = '', body] = answer.split('\r\n\r\n');
  expect(head).toContain(`HTTP/1.1 ${status} `);
  expect(head).toContain('\r\nX-Request-Id: an-id\r\n');
  expect(body).toMatch(/^[\w :,'/.-]+\.\n$/);
  expect(listener.refused).toMatchObject([{ requestId: 'an-id', status: Number(status) }]);
});

import { connect } from 'node:net';
import { createSecureContext } from 'node:tls';
import { expect, it } from 'vitest';
import { selfSigned } from './certificate-files.ts';
import { exchange, type ListenerOptions, startListener } from './start-listener.ts';
import { waitUntil } from '../start-server.ts';

const pem = selfSigned('one.test');
const context = createSecureContext({ cert: pem, key: pem });
const tls = { find: () => context, ticketKeys: () => Buffer.alloc(48) };
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

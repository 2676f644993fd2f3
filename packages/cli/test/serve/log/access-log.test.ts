import { join } from 'node:path';
import { expect, it } from 'vitest';
import { scratchDirectory, startServer, waitUntil } from '../start-server.ts';

it.each([
  ['a proxy that is trusted', '127.0.0.1:0', '127.0.0.1', '192.0.2.1'],
  ['anybody else', '127.0.0.1:0', '', '127.0.0.1'],
  ['anybody else who comes by IPv4 to IPv6', '[::]:0', '', '127.0.0.1'],
])('tells the client as %s names it, of requests to either half', async (...row) => {
  const [, listen, trusted, source] = row;
  const server = await startServer({
    args: ['serve'],
    env: {
      PORTOLAN_DATA_DIR: join(scratchDirectory(), 'data'),
      PORTOLAN_ACCESS_LOG: 'true',
      PORTOLAN_LISTEN: listen,
      PORTOLAN_PUBLIC_URL: 'http://localhost:5000',
      ...(trusted === '' ? {} : { PORTOLAN_TRUSTED_PROXIES: trusted }),
    },
  });
  const headers = { 'x-forwarded-for': '192.0.2.1' };
  for (const path of ['/v2/', '/jwks'])
    await fetch(server.address.replace('[::]', '127.0.0.1') + path, { headers });
  const sources = () =>
    [...server.stderr().matchAll(/"source":"([^"]*)".*"msg":"request"/g)].map(([, one]) => one);
  await waitUntil(() => sources().length === 2);
  expect(sources()).toEqual([source, source]);
  expect(await server.stop()).toBe(0);
});

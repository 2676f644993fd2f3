// Which half of Portolan a proxy asks, by host name and path; and what it says to those who ask for a name
// that nobody has. The same for every proxy whose file is shipped.
import { connect as connectHttp2 } from 'node:http2';
import { expect, test } from 'vitest';
import type { OneBox } from './one-box.ts';

const FROM = { registry: 'docker-distribution-api-version', auth: 'content-security-policy' };

// biome-ignore format: a table
const ROUTES = [
  { host: 'registry.lan', path: '/v2/', half: 'registry', status: 401 },
  { host: 'registry.lan', path: '/v2', half: 'registry', status: 401 },
  { host: 'Registry.LAN', path: '/v2/', half: 'registry', status: 401 },
  { host: 'registry.lan:443', path: '/v2/', half: 'registry', status: 401 },
  { host: 'registry.lan', path: '/v2/admin/app/manifests/none', half: 'registry', status: 401 },
  { host: 'registry.lan', path: '/docker.io/v2/', half: 'registry', status: 401 },
  { host: 'registry.lan', path: '/localhost:5000/v2/', half: 'registry', status: 404 },
  { host: 'registry.lan', path: '/v2/?ns=quay.io', half: 'registry', status: 404 },
  { host: 'docker-io.registry.lan', path: '/v2/', half: 'registry', status: 401 },
  { host: 'docker-io.registry.lan', path: '/jwks', half: 'neither', status: 404 },
  { host: 'localhost-5000.registry.lan', path: '/v2/', half: 'registry', status: 404 },
  { host: 'registry.lan', path: '/', half: 'auth', status: 200 },
  { host: 'registry.lan', path: '/jwks', half: 'auth', status: 200 },
  { host: 'registry.lan', path: '/v2x', half: 'auth', status: 404 },
  { host: 'registry.lan', path: '/api/v2/', half: 'auth', status: 404 },
  { host: 'portal.registry.lan', path: '/jwks', half: 'auth', status: 200 },
  { host: 'portal.registry.lan', path: '/v2/', half: 'auth', status: 404 },
] as const;

const NOBODYS = [
  'quay.io',
  '127.0.0.1',
  'evil.registry.lan.example.com',
  'nobody.registry.lan',
  'a-b.c.registry.lan',
];

function routeTests(box: () => OneBox): void {
  test.each(ROUTES)('asks the right half for $host $path', async ({ host, path, half, status }) => {
    const answer = await box().client.send({ host, path, serverName: 'registry.lan' });
    expect(answer.status).toBe(status);
    expect(answer.headers.has(FROM.registry)).toBe(half === 'registry');
    expect(answer.headers.has(FROM.auth)).toBe(half === 'auth');
  });

  test.each(['registry.lan/docker.io', 'docker-io.registry.lan'])(
    'lets the window on docker.io be seen as %s',
    async (place) => {
      const [host = '', name] = place.split('/');
      const path = name === undefined ? '/v2/' : `/${name}/v2/`;
      const { headers } = await box().client.send({ host, path });
      expect(headers.get('www-authenticate')).toContain('https://registry.lan/token?ns=docker.io');
    },
  );

  test.each(NOBODYS)('answers 421 to who asks for %s', async (host) => {
    const serverName = 'registry.lan';
    const answer = await box().client.send({ host, path: '/v2/', serverName });
    expect(answer.status).toBe(421);
    const plain = await box().client.send({ scheme: 'http', host, path: '/v2/' });
    expect([421, 308]).toContain(plain.status);
    expect(plain.headers.get('location') ?? '').not.toMatch(/quay|127|example/);
  });
}

/** What HTTP/2 on one connection answers for each authority. */
async function statusesOverOneConnection(
  box: OneBox,
  authorities: readonly string[],
): Promise<number[]> {
  const socket = await box.client.openTls('registry.lan', 'h2');
  expect(socket.alpnProtocol).toBe('h2');
  const session = connectHttp2('https://registry.lan', { createConnection: () => socket });
  const ask = (authority: string): Promise<number> =>
    new Promise((resolve, reject) => {
      const stream = session.request({ ':authority': authority, ':path': '/v2/' });
      stream.on('response', (headers) => resolve(Number(headers[':status'])));
      stream.on('error', reject).resume();
    });
  const statuses = await Promise.all(authorities.map(ask));
  session.destroy();
  return statuses;
}

export function nameTests(box: () => OneBox): void {
  routeTests(box);

  test('speaks HTTP/2, and goes by the name of each request on a connection', async () => {
    const names = ['registry.lan', 'docker-io.registry.lan', 'portal.registry.lan', 'quay.io'];
    expect(await statusesOverOneConnection(box(), names)).toEqual([401, 401, 404, 421]);
  });
}

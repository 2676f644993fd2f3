// Requests under other names than the registry's, over TLS.
import { parseRegistryAddress } from '@portolan/clients';
import { createServer, type Server } from 'node:https';
import type { AddressInfo } from 'node:net';
import type { TLSSocket } from 'node:tls';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { makeCertificate } from '../../../../test/support/openssl-certificate.ts';
import { createRegistryConnection } from '../../src/clients/registry-connection.ts';

const NAMES = 'DNS:localhost,DNS:docker-io.localhost,DNS:quay.io,IP:127.0.0.1';

describe('a connection to the registry', () => {
  let server: Server;
  let ca: string;
  const seen: { host: string | undefined; servername: string | false }[] = [];

  beforeAll(async () => {
    const made = makeCertificate({ commonName: 'x', subjectAltName: NAMES });
    ca = made.certificate;
    server = createServer({ cert: ca, key: made.key }, (request, response) => {
      const { servername } = request.socket as TLSSocket & { servername: string | false };
      seen.push({ host: request.headers.host, servername });
      const size = request.url === '/large' ? 9 * 1024 * 1024 : 2;
      response.setHeader('x-two', ['a', 'b']);
      response.end(Buffer.alloc(size));
    }).listen(0, '127.0.0.1');
    await new Promise((resolve) => server.once('listening', resolve));
  });

  afterAll(() => {
    server.close();
  });

  function get(url: string) {
    const { port } = server.address() as AddressInfo;
    const registry = parseRegistryAddress(`https://127.0.0.1:${port}`);
    const send = createRegistryConnection({ registry, ca });
    return send({ method: 'GET', url: url.replace('PORT', String(port)), headers: {} });
  }

  it.each([
    ['https://docker-io.localhost:PORT/v2/', 'docker-io.localhost'],
    ['https://quay.io/v2/', 'quay.io'],
  ])('to %s goes to its own address, and says that name', async (url, servername) => {
    const { status, headers } = await get(url);
    expect(status).toBe(200);
    expect(headers.get('x-two')).toBe('a, b');
    const { port } = server.address() as AddressInfo;
    const { host } = new URL(url.replace('PORT', String(port)));
    expect(seen.at(-1)).toEqual({ host, servername });
  });

  it('wants a certificate for that name', async () => {
    await expect(get('https://ghcr.io/v2/')).rejects.toMatchObject({
      code: 'ERR_TLS_CERT_ALTNAME_INVALID',
    });
  });

  it('takes an address, which has no name to say', async () => {
    expect((await get('https://127.0.0.1:PORT/v2/')).status).toBe(200);
  });

  it('trusts no unknown authority', async () => {
    const { port } = server.address() as AddressInfo;
    const registry = parseRegistryAddress(`https://127.0.0.1:${port}`);
    const send = createRegistryConnection({ registry, ca: undefined });
    const request = { method: 'GET', url: `https://127.0.0.1:${port}/`, headers: {} } as const;
    await expect(send(request)).rejects.toThrow(/self-signed/);
  });

  it('reads no endless answer', async () => {
    await expect(get('https://quay.io/large')).rejects.toThrow(/too large/);
  });
});

// Certificates, plain HTTP, proxies and connections, with real sockets.
import { type Reference, RepositoryName, Tag } from '@portolan/oci';
import { createServer, type IncomingMessage } from 'node:http';
import { createServer as createTlsServer } from 'node:https';
import { type AddressInfo, connect as connectTcp, type Socket } from 'node:net';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { makeCertificate } from '../../../../test/support/openssl-certificate.ts';
import {
  createRegistryClient,
  type RegistryClient,
  type RegistryClientDeps,
} from '../../src/client/registry-client.ts';
import type { UpstreamSettings } from '../../src/client/upstream-settings.ts';
import { clientDeps } from '../fixtures/client-deps.ts';
import { type ScriptedRegistry, startScriptedRegistry } from '../fixtures/scripted-registry.ts';
import { sample } from '../places/sample-content.ts';

const signal = new AbortController().signal;
const LATEST: Reference = { kind: 'tag', tag: Tag.parse('latest') };

interface TestServer {
  readonly host: string;
  readonly requests: IncomingMessage[];
  readonly sockets: Set<Socket>;
  stop(): Promise<void>;
}

const closing: (() => Promise<void>)[] = [];
afterEach(async () => {
  for (const close of closing.splice(0).toReversed()) await close();
});

function connect(
  settings: Partial<UpstreamSettings>,
  changes: Partial<RegistryClientDeps> = {},
): RegistryClient {
  const client = createRegistryClient(clientDeps(settings, changes));
  closing.push(() => client.close());
  return client;
}

async function startRegistry(): Promise<ScriptedRegistry> {
  const registry = await startScriptedRegistry();
  registry.serve('app', sample());
  closing.push(() => registry.stop());
  return registry;
}

const headOf = (client: RegistryClient) =>
  client.repository(RepositoryName.parse('app')).head(LATEST, signal);

describe('TLS', () => {
  let server: TestServer;
  let ca: string;

  beforeAll(async () => {
    const issuer = makeCertificate({ commonName: 'test-authority' });
    ca = issuer.certificate;
    const requests: IncomingMessage[] = [];
    const sockets = new Set<Socket>();
    const names = { commonName: '127.0.0.1', subjectAltName: 'IP:127.0.0.1' };
    const { certificate: cert, key } = makeCertificate({ ...names, issuer });
    const https = createTlsServer({ cert, key }, (request, response) => {
      requests.push(request);
      response.setHeader('docker-content-digest', `sha256:${'0'.repeat(64)}`);
      response.end('{}');
    });
    https.on('secureConnection', (socket) => sockets.add(socket));
    await new Promise<void>((done) => https.listen(0, '127.0.0.1', done));
    server = {
      host: `127.0.0.1:${(https.address() as AddressInfo).port}`,
      requests,
      sockets,
      stop: () => new Promise((done) => https.close(() => done())),
    };
  });
  afterAll(async () => {
    for (const socket of server.sockets) socket.destroy();
    await server.stop();
  });

  it('is refused when nobody vouches for the certificate, without a second try', async () => {
    const before = server.requests.length;
    const client = connect({ host: server.host });
    await expect(client.ping(signal)).rejects.toMatchObject({
      code: 'upstream-untrusted',
      detail: { hint: 'give the CA that signed it' },
    });
    expect(server.requests).toHaveLength(before);
  });

  it('is accepted with the CA that was given', async () => {
    await expect(connect({ host: server.host, ca }).ping(signal)).resolves.toBeUndefined();
  });

  it('is accepted unseen where that was asked for', async () => {
    const client = connect({ host: server.host, verifiesTls: false });
    await expect(client.ping(signal)).resolves.toBeUndefined();
  });

  it('keeps its connections over many HEADs', async () => {
    server.sockets.clear();
    const client = connect({ host: server.host, ca });
    const repository = client.repository(RepositoryName.parse('app'));
    for (let i = 0; i < 10; i++) await repository.head(LATEST, signal);
    expect(server.sockets.size).toBeLessThanOrEqual(2);
  });

  it('wants a CA that is one', () => {
    const nothing = '-----BEGIN CERTIFICATE-----\nnothing\n-----END CERTIFICATE-----\n';
    expect(() => connect({ host: server.host, ca: nothing })).toThrow(
      'CA of an upstream cannot be read',
    );
  });
});

describe('plain HTTP', () => {
  it('is not spoken unasked', async () => {
    const registry = await startRegistry();
    await expect(headOf(connect({ host: registry.host }))).rejects.toMatchObject({
      code: 'upstream-unavailable',
    });
    expect(registry.requests).toHaveLength(0);
  });

  it('is spoken where certificates do not count and nobody speaks https', async () => {
    const registry = await startRegistry();
    const client = connect({ host: registry.host, verifiesTls: false });
    expect(await headOf(client)).toBeDefined();
    await headOf(client);
    expect(registry.log()).toEqual([
      'GET /v2/',
      'HEAD /v2/app/manifests/latest',
      'HEAD /v2/app/manifests/latest',
    ]);
  });
});

describe('an address that is not allowed', () => {
  it.each(['127.0.0.1', '2130706433', '0x7f.1', 'localhost', '[::ffff:127.0.0.1]'])(
    'is not connected to as %s',
    async (name) => {
      const registry = await startRegistry();
      const endpoint = `http://${name}:${registry.port}`;
      const client = connect({ endpoint }, { egress: { allowedNetworks: ['10.0.0.0/8'] } });
      await expect(headOf(client)).rejects.toMatchObject({ code: 'egress-refused' });
      expect(registry.requests).toHaveLength(0);
    },
  );

  it('is not connected to when a name leads there the second time', async () => {
    const registry = await startRegistry();
    let calls = 0;
    const client = connect(
      { endpoint: `http://rebinding.example:${registry.port}` },
      {
        egress: { allowedNetworks: ['127.0.0.1'] },
        resolve: (_name, _options, done) => {
          calls++;
          done(null, [{ address: calls === 1 ? '127.0.0.1' : '127.0.0.2', family: 4 }]);
        },
      },
    );
    expect(await headOf(client)).toBeDefined();
    expect(calls).toBe(1);
  });
});

async function startProxy(): Promise<{ url: string; tunnels: string[] }> {
  const tunnels: string[] = [];
  const sockets = new Set<Socket>();
  const proxy = createServer((_request, response) => response.writeHead(400).end());
  proxy.on('connect', (request, socket: Socket) => {
    tunnels.push(request.url ?? '');
    const [host = '', port] = (request.url ?? '').replace('upstream.lan', '127.0.0.1').split(':');
    const target = connectTcp(Number(port), host, () => {
      socket.write('HTTP/1.1 200 OK\r\n\r\n');
      target.pipe(socket).pipe(target);
    });
    for (const end of [socket, target]) {
      sockets.add(end);
      end.on('error', () => undefined);
    }
  });
  await new Promise<void>((done) => proxy.listen(0, '127.0.0.1', done));
  closing.push(async () => {
    for (const socket of sockets) socket.destroy();
    await new Promise((done) => proxy.close(done));
  });
  return { url: `http://127.0.0.1:${(proxy.address() as AddressInfo).port}`, tunnels };
}

describe('a proxy', () => {
  it('is what is connected to, and resolves the name', async () => {
    const registry = await startRegistry();
    const proxy = await startProxy();
    const endpoint = `http://upstream.lan:${registry.port}`;
    expect(await headOf(connect({ endpoint, proxy: proxy.url }))).toBeDefined();
    expect(proxy.tunnels).toEqual([`upstream.lan:${registry.port}`]);
  });

  it('is not asked for an address that is not allowed', async () => {
    const proxy = await startProxy();
    const client = connect({ endpoint: 'http://169.254.169.254', proxy: proxy.url });
    await expect(headOf(client)).rejects.toMatchObject({ code: 'egress-refused' });
    expect(proxy.tunnels).toEqual([]);
  });

  it('must itself be at an address that is allowed', async () => {
    const proxy = await startProxy();
    const changes = { egress: { allowedNetworks: [] } };
    const client = connect({ endpoint: 'http://upstream.lan', proxy: proxy.url }, changes);
    await expect(headOf(client)).rejects.toMatchObject({ code: 'egress-refused' });
  });

  it('that refuses is reported', async () => {
    const registry = await startRegistry();
    const client = connect({ endpoint: 'http://upstream.lan', proxy: registry.url });
    await expect(headOf(client)).rejects.toMatchObject({ code: 'upstream-unavailable' });
  });

  it('that is not there is named in place of the registry', async () => {
    const proxy = await startScriptedRegistry();
    await proxy.stop();
    const client = connect({ endpoint: 'http://upstream.lan', proxy: proxy.url });
    await expect(headOf(client)).rejects.toMatchObject({
      code: 'upstream-unavailable',
      message: `the proxy ${proxy.host} cannot be reached`,
      detail: { proxy: proxy.host, reason: 'ECONNREFUSED' },
    });
  });

  it('wants to be http or https', () => {
    expect(() => connect({ proxy: 'socks5://127.0.0.1:1' })).toThrow('proxy is not');
  });
});

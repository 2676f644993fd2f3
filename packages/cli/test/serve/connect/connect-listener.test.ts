// The real program behind a `connect` listener, talked to by raw connections.
import { once } from 'node:events';
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { connect as connectTcp, type Socket } from 'node:net';
import { connect as connectTls, type TLSSocket } from 'node:tls';
import { beforeAll, describe, expect, it } from 'vitest';
import { selfSigned } from '../listeners/certificate-files.ts';
import { readAll } from '../listeners/start-listener.ts';
import {
  type RunningServer,
  run,
  scratchDirectory,
  startServer,
  waitUntil,
} from '../start-server.ts';

const CANARY = 'proxy-canary-password';
/** From 192.0.2.1. */
const PROXY_HEADER = Buffer.from('0d0a0d0a000d0a515549540a2111000cc00002010a0000011f901388', 'hex');
const PUBLIC_URL = 'https://registry.test';

interface Site extends RunningServer {
  readonly dataDir: string;
  readonly port: number;
  readonly ca: string;
}

async function command(dataDir: string, line: string): Promise<void> {
  const env = { PORTOLAN_DATA_DIR: dataDir };
  const running = run({ args: line.split(' '), env });
  const code = await running.exited;
  if (code !== 0) throw new Error(`${line}\n${running.stdout()}${running.stderr()}`);
}

/** Mirrors Quay and Docker Hub, for which its authority may issue, and GitHub's, for which it may not. */
async function startSite(env: Readonly<Record<string, string>> = {}, listen = ''): Promise<Site> {
  const dataDir = scratchDirectory();
  const names = '--name registry.test --impersonate quay.io --impersonate docker.io';
  await command(dataDir, `ca init ${names}`);
  const server = await startServer({
    args: ['serve'],
    env: {
      PORTOLAN_DATA_DIR: dataDir,
      PORTOLAN_LISTEN: listen || 'connect://127.0.0.1:0',
      PORTOLAN_PUBLIC_URL: PUBLIC_URL,
      PORTOLAN_LOG_LEVEL: 'debug',
      ...env,
    },
  });
  for (const host of ['docker.io', 'quay.io', 'ghcr.io']) {
    await command(dataDir, `namespace create ${host} --visibility public`);
  }
  const ca = readFileSync(join(dataDir, 'ca/ca.crt'), 'utf8');
  return { ...server, dataDir, ca, port: Number(new URL(server.address).port) };
}

/** Opens a connection and asks for the target, with everything in one packet. */
async function open(
  port: number,
  target: string,
  before: Buffer = Buffer.alloc(0),
): Promise<Socket> {
  const socket = connectTcp({ port, host: '127.0.0.1', noDelay: true });
  socket.on('error', () => undefined);
  await once(socket, 'connect');
  const login = Buffer.from(`proxy:${CANARY}`).toString('base64');
  const head = `CONNECT ${target} HTTP/1.1\r\nHost: ${target}\r\nProxy-Authorization: Basic ${login}\r\n\r\n`;
  socket.write(Buffer.concat([before, Buffer.from(head)]));
  return socket;
}

async function statusOf(port: number, target: string): Promise<string> {
  const answer = await readAll(await open(port, target));
  return answer.split('\r\n')[0] ?? '';
}

/** Speaks TLS in the tunnel, trusting the authority alone. */
async function openTunnel(site: Site, target: string, servername: string): Promise<TLSSocket> {
  const raw = await open(site.port, target);
  const [answer] = (await once(raw, 'data')) as [Buffer];
  expect(answer.toString()).toMatch(
    /^HTTP\/1\.1 200 Connection established\r\nX-Request-Id: [0-9a-f]{32}\r\n\r\n$/,
  );
  const socket = connectTls({ socket: raw, servername, ca: site.ca });
  await once(socket, 'secureConnect');
  return socket;
}

async function get(socket: TLSSocket, host: string, ...headers: string[]): Promise<string> {
  const all = readAll(socket);
  const lines = [`GET /v2/ HTTP/1.1`, `Host: ${host}`, ...headers, 'Connection: close', '', ''];
  socket.write(lines.join('\r\n'));
  return all;
}

it('does not start without any certificate or authority, and says what to make', async () => {
  const env = { PORTOLAN_LISTEN: 'connect://127.0.0.1:0', PORTOLAN_PUBLIC_URL: PUBLIC_URL };
  const server = run({ args: ['serve'], env: { ...env, PORTOLAN_DATA_DIR: scratchDirectory() } });
  expect(await server.exited).toBe(1);
  expect(server.stderr()).toContain('portolan ca init --name NAME --impersonate docker.io');
});

it('is not for the token service alone', async () => {
  const env = { PORTOLAN_LISTEN: 'connect://127.0.0.1:0', PORTOLAN_PUBLIC_URL: PUBLIC_URL };
  const dataDir = scratchDirectory();
  const server = run({ args: ['serve', 'auth'], env: { ...env, PORTOLAN_DATA_DIR: dataDir } });
  expect(await server.exited).toBe(2);
  expect(server.stderr()).toContain('engines pull through it');
});

describe.each([1, 2])('a connect listener with %d worker(s)', (workers) => {
  let site: Site;

  beforeAll(async () => {
    site = await startSite({ PORTOLAN_WORKERS: String(workers) });
  });

  it.each([
    ['registry.test', 'Bearer realm="https://registry.test/token",service="registry.test"'],
    ['quay.io', 'OCI-Namespace: quay.io'],
    ['registry-1.docker.io', 'OCI-Namespace: docker.io'],
    ['docker-io.registry.test', 'OCI-Namespace: docker.io'],
  ])('answers as %s, with a certificate for it', async (host, expected) => {
    const socket = await openTunnel(site, `${host}:443`, host);
    expect(socket.getPeerCertificate().subjectaltname).toBe(`DNS:${host}`);
    expect(await get(socket, host)).toContain(expected);
  });

  it('keeps a connection open for several requests', async () => {
    const socket = await openTunnel(site, 'quay.io:443', 'quay.io');
    const all = readAll(socket);
    socket.write('GET /v2/ HTTP/1.1\r\nHost: quay.io\r\n\r\n');
    await once(socket, 'data');
    socket.write('GET /v2/ HTTP/1.1\r\nHost: quay.io\r\nConnection: close\r\n\r\n');
    expect((await all).match(/HTTP\/1\.1 401 /g)).toHaveLength(2);
  });

  it.each([
    ['gcr.io:443', '403 gcr.io is not mirrored here'],
    ['quay.io:8443', '403 quay.io:8443 is not mirrored here'],
    ['127.0.0.1:443', '403 127.0.0.1 is not mirrored here'],
    ['ghcr.io:443', '503 the server has no certificate for ghcr.io'],
  ])('answers CONNECT %s with %s', async (target, status) => {
    expect(await statusOf(site.port, target)).toBe(`HTTP/1.1 ${status}`);
  });

  it('refuses a handshake for another name than the connection was asked for', async () => {
    for (const servername of ['gcr.io', 'registry.test', 'registry-1.docker.io']) {
      await expect(openTunnel(site, 'quay.io:443', servername)).rejects.toThrow();
    }
  });

  it('ends a tunnel that does not begin with TLS', async () => {
    const raw = await open(site.port, 'quay.io:443');
    await once(raw, 'data');
    const all = readAll(raw);
    raw.write('GET /v2/ HTTP/1.1\r\nHost: quay.io\r\n\r\n');
    expect(await all).not.toContain('HTTP/');
  });

  it('frees a tunnel at once whose client leaves before TLS, and does not call it late', async () => {
    const raw = connectTcp({ port: site.port, host: '127.0.0.1', allowHalfOpen: true });
    raw.on('error', () => undefined);
    await once(raw, 'connect');
    raw.write('CONNECT quay.io:443 HTTP/1.1\r\nHost: quay.io:443\r\n\r\n');
    await once(raw, 'data');
    const startedAt = performance.now();
    const all = readAll(raw);
    raw.end();
    await all;
    raw.destroy();
    expect(performance.now() - startedAt).toBeLessThan(10_000);
    await waitUntil(() => site.stderr().includes('the client left within its TLS handshake'));
  });

  it('has the id of an answer in its log', async () => {
    const answer = await readAll(await open(site.port, 'gcr.io:443'));
    const [, id = 'none'] = /X-Request-Id: (\w{32})\r\n/.exec(answer) ?? [];
    await waitUntil(() => site.stderr().includes(id));
    const line =
      site
        .stderr()
        .split('\n')
        .find((one) => one.includes(id)) ?? '{}';
    expect(JSON.parse(line)).toMatchObject({ target: 'gcr.io', source: '127.0.0.1' });
  });

  it('is no proxy for plain HTTP, nor within its own tunnels', async () => {
    const raw = connectTcp(site.port, '127.0.0.1');
    const plain = readAll(raw);
    raw.write('GET http://quay.io/v2/ HTTP/1.1\r\nHost: quay.io\r\n\r\n');
    expect(await plain).toMatch(/^HTTP\/1\.1 405 [\s\S]*the CONNECT proxy of the registry/);
    const socket = await openTunnel(site, 'quay.io:443', 'quay.io');
    const nested = readAll(socket);
    socket.write('CONNECT quay.io:443 HTTP/1.1\r\nHost: quay.io:443\r\n\r\n');
    expect(await nested).toBe('');
  });

  it('stops, though a tunnel is open and another one has not begun', async () => {
    const socket = await openTunnel(site, 'quay.io:443', 'quay.io');
    const raw = await open(site.port, 'quay.io:443');
    await once(raw, 'data');
    const ended = Promise.all([readAll(socket), readAll(raw)]);
    expect(await site.stop()).toBe(0);
    await ended;
  });

  it('has logged no header of the proxy, and what it lacks', async () => {
    const log = site.stderr();
    expect(log).not.toContain(CANARY);
    expect(log).not.toContain(Buffer.from(CANARY).toString('base64').slice(4, -4));
    expect(log).toMatch(
      /"level":40.*"target":"ghcr.io","outcome":"failed".*may not issue for ghcr/,
    );
  });
});

it('takes the client from a PROXY header, and from no header that the client writes', async () => {
  const listen = 'connect://127.0.0.1:0?proxy-protocol';
  const trusting = {
    PORTOLAN_TRUSTED_PROXIES: '192.0.2.0/24,127.0.0.1',
    PORTOLAN_ACCESS_LOG: 'true',
  };
  const site = await startSite(trusting, listen);
  const raw = await open(site.port, 'registry.test:443', PROXY_HEADER);
  await once(raw, 'data');
  const socket = connectTls({ socket: raw, servername: 'registry.test', ca: site.ca });
  const all = readAll(socket);
  const login = `Authorization: Basic ${Buffer.from('admin:wrong').toString('base64')}`;
  const path = '/token?service=registry.test';
  socket.write(
    `GET ${path} HTTP/1.1\r\nHost: registry.test\r\n${login}\r\nX-Forwarded-For: 198.51.100.9\r\nConnection: close\r\n\r\n`,
  );
  expect(await all).toMatch(/^HTTP\/1\.1 401 /);
  expect(await site.stop()).toBe(0);
  expect(site.stderr()).toContain('"source":"192.0.2.1"');
  expect(site.stderr()).not.toContain('198.51.100.9');
});

it('passes to what is listed, at addresses that are allowed', async () => {
  const listen = 'http://127.0.0.1:0,connect://127.0.0.1:0';
  const allowed = { PORTOLAN_MIRROR_ALLOWED_NETWORKS: '127.0.0.1/32' };
  const passing = { PORTOLAN_CONNECT_PASS_THROUGH: 'localhost:1, 127.0.0.2:443, *.example.test' };
  const site = await startSite({ ...allowed, ...passing }, listen);
  const [, port] = /connect:\/\/127\.0\.0\.1:(\d+)/.exec(site.stdout()) ?? [];
  expect(await statusOf(Number(port), 'localhost:1')).toContain(
    '502 localhost:1 cannot be reached',
  );
  expect(await statusOf(Number(port), '127.0.0.2:443')).toContain('403 127.0.0.2 is at no address');
  expect(await statusOf(Number(port), 'localhost:443')).toContain('403 localhost is not mirrored');
});

describe('an https listener with tls.impersonate', () => {
  let site: Site;

  async function namesShown(servername: string): Promise<string | undefined> {
    const socket = connectTls({
      port: site.port,
      host: '127.0.0.1',
      servername,
      rejectUnauthorized: false,
    });
    await once(socket, 'secureConnect');
    const { subjectaltname } = socket.getPeerCertificate();
    socket.destroy();
    return subjectaltname;
  }

  async function start(impersonates: string): Promise<void> {
    const certificates = scratchDirectory();
    writeFileSync(join(certificates, 'registry.test.pem'), selfSigned('registry.test'));
    const tls = {
      PORTOLAN_TLS_CERTIFICATES: certificates,
      PORTOLAN_TLS_IMPERSONATE: impersonates,
    };
    site = await startSite(tls, 'https://127.0.0.1:0');
  }

  it.each([
    ['true', 'quay.io', 'quay.io'],
    ['true', 'registry-1.docker.io', 'registry-1.docker.io'],
    ['true', 'registry.test', 'registry.test'],
    ['true', 'gcr.io', 'registry.test'],
    ['true', 'ghcr.io', 'registry.test'],
    ['false', 'quay.io', 'registry.test'],
  ])('(%s) shows who asks for %s a certificate for %s', async (impersonates, asked, shown) => {
    await start(impersonates);
    expect(await namesShown(asked)).toBe(`DNS:${shown}`);
  });
});

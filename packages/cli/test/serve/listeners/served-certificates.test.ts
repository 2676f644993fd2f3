import { once } from 'node:events';
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { connect, type TLSSocket } from 'node:tls';
import { describe, expect, it } from 'vitest';
import { selfSigned } from './certificate-files.ts';
import { readAll } from './start-listener.ts';
import { run, scratchDirectory, startServer, waitUntil } from '../start-server.ts';

const SETTINGS = {
  PORTOLAN_LISTEN: 'https://127.0.0.1:0',
  PORTOLAN_PUBLIC_URL: 'https://registry.test',
};

async function open(port: number): Promise<TLSSocket> {
  const socket = connect({ port, host: '127.0.0.1', rejectUnauthorized: false });
  await once(socket, 'secureConnect');
  return socket;
}

async function fingerprintAt(port: number): Promise<string> {
  const socket = await open(port);
  const { fingerprint256 } = socket.getPeerCertificate();
  socket.destroy();
  return fingerprint256;
}

it('does not start an https listener without a certificate, and says how to get one', async () => {
  const dataDir = scratchDirectory();
  const server = run({ args: ['serve'], env: { ...SETTINGS, PORTOLAN_DATA_DIR: dataDir } });
  expect(await server.exited).toBe(1);
  expect(server.stderr()).toContain(`there is no certificate in ${join(dataDir, 'tls')}`);
  expect(server.stderr()).toContain('portolan ca init && portolan ca issue NAME');
});

describe.each([1, 2])('a server with %d worker(s)', (workers) => {
  it('takes a new certificate without a restart, and loses no connection', async () => {
    const dataDir = scratchDirectory();
    const file = join(dataDir, 'tls', 'registry.test.pem');
    mkdirSync(join(dataDir, 'tls'));
    writeFileSync(file, selfSigned('registry.test'));
    const server = await startServer({
      args: ['serve'],
      env: { ...SETTINGS, PORTOLAN_DATA_DIR: dataDir, PORTOLAN_WORKERS: String(workers) },
    });
    const port = Number(new URL(server.address).port);
    const before = await fingerprintAt(port);
    const held = await open(port);
    writeFileSync(file, 'half a file');
    await waitUntil(() => server.stderr().includes('a certificate cannot be used'));
    expect(await fingerprintAt(port)).toBe(before);
    writeFileSync(file, selfSigned('registry.test'));
    // Each worker looks by itself.
    await waitUntil(async () => {
      const seen = await Promise.all(Array.from({ length: 4 }, () => fingerprintAt(port)));
      return seen.every((fingerprint) => fingerprint !== before);
    });
    const answer = readAll(held);
    held.write('GET /livez HTTP/1.1\r\nHost: registry.test\r\nConnection: close\r\n\r\n');
    expect(await answer).toMatch(/^HTTP\/1\.1 200 /);
    expect(await server.stop()).toBe(0);
  });
});

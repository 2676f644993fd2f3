// An authority is replaced under a running server: who trusts what before, in between and after, and what a
// proxy that was not reloaded does to it.
import { X509Certificate } from 'node:crypto';
import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import { createServer, type Server } from 'node:https';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { connect } from 'node:tls';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { findFreePort } from '../doctor/crooked-proxy.ts';
import { runDoctor } from '../doctor/run-doctor.ts';
import {
  run,
  type RunningServer,
  scratchDirectory,
  startServer,
  waitUntil,
} from './start-server.ts';

describe('an authority that is replaced under a running server', () => {
  const dataDir = scratchDirectory();
  let env: Record<string, string>;
  let port: number;
  let http: string;
  let server: RunningServer;
  let proxy: Server | undefined;
  let proxyPort: number;
  /** What clients have that came before, in between and after. */
  let [before, between, after] = ['', '', ''];

  async function must(line: string): Promise<string> {
    const command = run({ args: line.split(' '), env });
    expect(await command.exited, command.stderr()).toBe(0);
    return command.stdout();
  }

  async function fetchText(path: string): Promise<string> {
    return (await fetch(new URL(path, http))).text();
  }

  /** What `/ca.crt` has, once the server has looked again. */
  async function fetchAuthorities(count: number): Promise<string> {
    let text = '';
    await waitUntil(async () => {
      text = await fetchText('/ca.crt');
      return text.split('BEGIN').length - 1 === count;
    });
    return text;
  }

  /** As a client that trusts these certificates and nothing else. */
  async function isTrusted(ca: string, at = port): Promise<boolean> {
    const client = connect({ host: '127.0.0.1', port: at, servername: 'localhost', ca });
    try {
      await once(client, 'secureConnect');
      return client.authorized;
    } catch {
      return false;
    } finally {
      client.destroy();
    }
  }

  /** What `client check` gets as an answer of the server; nothing where TLS fails. */
  async function checkedStatus(registry: string): Promise<unknown> {
    const line = `client check busybox --engine podman --registry ${registry} --output json`;
    const command = run({ args: line.split(' '), env });
    await command.exited;
    const [row] = JSON.parse(command.stdout()) as readonly { status?: number; reason?: string }[];
    return row?.status ?? row?.reason;
  }

  const certificate = (): string => readFileSync(join(dataDir, 'tls/localhost.pem'), 'utf8');

  beforeAll(async () => {
    port = await findFreePort();
    const httpPort = await findFreePort();
    http = `http://127.0.0.1:${httpPort}`;
    env = {
      PORTOLAN_DATA_DIR: dataDir,
      PORTOLAN_LISTEN: `https://127.0.0.1:${port},redirect://127.0.0.1:${httpPort}`,
      PORTOLAN_PUBLIC_URL: `https://localhost:${port}`,
    };
    await must('ca init --name localhost');
    await must('ca issue localhost');
    server = await startServer({ args: ['serve'], env });
    before = await fetchAuthorities(1);
    await must('ca init --force-new --name localhost');
    between = await fetchAuthorities(2);
  });

  afterAll(async () => {
    proxy?.closeAllConnections();
    proxy?.close();
    await server.stop();
  });

  it('gives both to whoever comes in between, with a fingerprint for each', async () => {
    const pems = between.match(/-----BEGIN[^-]+-----[^-]+-----END[^-]+-----\n/g) ?? [];
    expect(pems).toHaveLength(2);
    expect(pems[1]).toBe(before);
    const prints = pems.map((pem) => `${new X509Certificate(pem).fingerprint256}\n`);
    expect(await fetchText('/ca.crt.sha256')).toBe(prints.join(''));
    expect(await isTrusted(between)).toBe(true);
    expect(await isTrusted(pems[0] ?? '')).toBe(false);
  });

  it('is a warning of the doctor, which goes on to the checks behind TLS', async () => {
    const { code, found, troubles } = await runDoctor([], env);
    expect([code, troubles]).toEqual([0, ['warn tls']]);
    expect(found.get('tls')?.remedy).toContain('portolan ca renew --force');
    expect(found.get('push')?.verdict).toBe('ok');
  });

  it('lets client check see what the server answers', async () => {
    expect(await checkedStatus(`https://localhost:${port}`)).toBe(401);
  });

  it('is over when all is renewed, and nobody who came in between has lost anything', async () => {
    const old = certificate();
    await must('ca renew --force');
    expect(certificate()).not.toBe(old);
    after = await fetchAuthorities(1);
    await waitUntil(() => isTrusted(after));
    expect(await isTrusted(between)).toBe(true);
    expect(await isTrusted(before)).toBe(false);
    expect((between.match(/BEGIN/g) ?? []).length - (after.match(/BEGIN/g) ?? []).length).toBe(1);
    expect((await runDoctor([], env)).troubles).toEqual([]);
    proxy = createServer({ cert: old, key: old }, (_, response) => response.writeHead(404).end());
    proxy.listen(0, '127.0.0.1');
    await once(proxy, 'listening');
    ({ port: proxyPort } = proxy.address() as AddressInfo);
  });

  it('tells of a proxy that was not reloaded since', async () => {
    const url = `https://localhost:${proxyPort}`;
    expect(await isTrusted(before, proxyPort)).toBe(true);
    expect(await isTrusted(between, proxyPort)).toBe(true);
    expect(await isTrusted(after, proxyPort)).toBe(false);
    const { found } = await runDoctor(['--url', url], env);
    expect(found.get('tls')).toMatchObject({
      verdict: 'warn',
      remedy: expect.stringContaining('reload haproxy'),
    });
    expect(await checkedStatus(url)).toBe(404);
  });
});

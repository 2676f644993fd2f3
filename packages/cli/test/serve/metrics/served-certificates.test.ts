import { X509Certificate } from 'node:crypto';
import { mkdirSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { selfSigned } from '../listeners/certificate-files.ts';
import { exchange } from '../listeners/start-listener.ts';
import { scratchDirectory, waitUntil } from '../start-server.ts';
import { startCounting } from './scrape.ts';

const EXPIRY = 'tls_certificate_expiry_timestamp_seconds';
const FAILURES = 'tls_reload_failures_total';
const UNUSABLE = 'tls_unusable_files';
const AUTHORITY = 'tls_authority_expiry_timestamp_seconds';
const WORKERS = 2;

const endOf = (pem: string): number => new X509Certificate(pem).validToDate.getTime() / 1000;

it('tell the certificate that is served, and while the next one cannot be used', async () => {
  const dataDir = join(scratchDirectory(), 'data');
  const file = join(dataDir, 'tls', 'registry.test.pem');
  const [first, second] = [selfSigned('registry.test', 30), selfSigned('registry.test', 60)];
  mkdirSync(join(dataDir, 'tls'), { recursive: true });
  writeFileSync(file, first);
  const env = {
    PORTOLAN_LISTEN: 'https://127.0.0.1:0',
    PORTOLAN_PUBLIC_URL: 'https://registry.test',
    PORTOLAN_WORKERS: String(WORKERS),
  };
  const { server, valueOf } = await startCounting({ args: ['serve'], env }, dataDir);
  const expiry = () => valueOf(EXPIRY, 'file="registry.test.pem"');
  const unusable = () => valueOf(UNUSABLE);
  expect([await expiry(), await valueOf(FAILURES), await unusable()]).toEqual([endOf(first), 0, 0]);
  writeFileSync(file, 'half a file');
  await waitUntil(async () => (await valueOf(FAILURES)) === WORKERS);
  expect([await expiry(), await unusable()]).toEqual([endOf(first), 1]);
  writeFileSync(file, second);
  await waitUntil(async () => (await expiry()) === endOf(second));
  await waitUntil(async () => (await unusable()) === 0);
  expect([await valueOf(FAILURES), await valueOf(AUTHORITY)]).toEqual([WORKERS, 0]);
  rmSync(file);
  await waitUntil(async () => (await valueOf(FAILURES)) === 2 * WORKERS);
  expect([await expiry(), await unusable()]).toEqual([endOf(second), 1]);
  expect(await server.stop()).toBe(0);
});

it('are counted where TLS fails, over all workers', async () => {
  const dataDir = join(scratchDirectory(), 'data');
  mkdirSync(join(dataDir, 'tls'), { recursive: true });
  writeFileSync(join(dataDir, 'tls', 'a.pem'), selfSigned('registry.test'));
  const env = {
    PORTOLAN_LISTEN: 'https://127.0.0.1:0,127.0.0.1:0',
    PORTOLAN_PUBLIC_URL: 'https://registry.test',
    PORTOLAN_WORKERS: String(WORKERS),
  };
  const { server, valueOf } = await startCounting({ args: ['serve'], env }, dataDir);
  const ports = [...server.stdout().matchAll(/(https?):\/\/127\.0\.0\.1:(\d+)/g)];
  const portOf = (scheme: string) => Number(ports.find(([, one]) => one === scheme)?.[2]);
  for (let i = 0; i < 6; i++) await exchange(portOf('https'), ['GET / HTTP/1.1\r\n\r\n']);
  for (let i = 0; i < 4; i++) await exchange(portOf('http'), ['no HTTP\r\n\r\n']);
  const isCounted = async (reason: string, count: number): Promise<boolean> =>
    (await valueOf('http_refused_total', `reason="${reason}"`)) === count;
  await waitUntil(() => isCounted('tls', 6));
  await waitUntil(() => isCounted('bad_request', 4));
  expect(await valueOf('http_refused_total')).toBe(10);
  expect(await server.stop()).toBe(0);
});

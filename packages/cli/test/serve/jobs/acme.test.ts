// A server that has no certificate yet gets its first one from an ACME server, which asks at its port 80.
import { createAuthority } from '@portolan/tls';
import { once } from 'node:events';
import { join } from 'node:path';
import { connect } from 'node:tls';
import { expect, it, onTestFinished } from 'vitest';
import { findFreePort } from '../../../../../test/support/free-port.ts';
import { startAcmeServer } from '../../../../tls/test/fixtures/acme-server.ts';
import { exchange } from '../listeners/start-listener.ts';
import { childrenOf, scratchDirectory, startServer } from '../start-server.ts';

const NAME = 'registry.corp';
const HOUR_MS = 3_600_000;
/** The server looks twice a minute. */
const PATIENCE_MS = 90_000;

interface Shown {
  readonly serial: string;
  readonly isTrusted: boolean;
}

/** What a client that trusts the authority sees; undefined when there is no TLS. */
async function shownAt(port: number, ca: string): Promise<Shown | undefined> {
  const socket = connect({
    port,
    host: '127.0.0.1',
    servername: NAME,
    ca,
    rejectUnauthorized: false,
  });
  try {
    await once(socket, 'secureConnect');
    const { serialNumber } = socket.getPeerCertificate();
    return { serial: serialNumber, isTrusted: socket.authorized };
  } catch {
    return undefined;
  } finally {
    socket.destroy();
  }
}

/** By several connections: each worker takes a new certificate by itself. */
async function waitForCertificate(
  port: number,
  ca: string,
  before: readonly string[],
): Promise<string> {
  const deadline = performance.now() + PATIENCE_MS;
  for (;;) {
    const all = await Promise.all(Array.from({ length: 6 }, () => shownAt(port, ca)));
    const serials = new Set(all.map((one) => one?.serial));
    const [serial] = serials;
    const isNew = serial !== undefined && !before.includes(serial);
    if (serials.size === 1 && isNew && all.every((one) => one?.isTrusted)) return serial;
    if (performance.now() > deadline) throw new Error(`waited in vain: ${JSON.stringify(all)}`);
    await new Promise((resolve) => setTimeout(resolve, 500));
  }
}

async function startAcme(redirectPort: number) {
  const clock = Date.now;
  const authority = await createAuthority(
    { directory: join(scratchDirectory(), 'ca'), clock },
    { domains: ['corp'], networks: [], isForced: false },
  );
  const server = await startAcmeServer({
    authority,
    site: `http://127.0.0.1:${redirectPort}`,
    tls: undefined,
    // Of a life of 29 hours the last third has begun.
    firstLifeMs: 5 * HOUR_MS,
  });
  onTestFinished(() => server.close());
  return { authority, directoryUrl: server.directoryUrl, requests: server.requests };
}

it('gets its first certificate through its redirect listener, serves it, and renews it', async () => {
  const [redirectPort, port] = [await findFreePort(), await findFreePort()];
  const { authority, directoryUrl, requests } = await startAcme(redirectPort);
  const server = await startServer({
    args: ['serve'],
    env: {
      PORTOLAN_DATA_DIR: join(scratchDirectory(), 'data'),
      PORTOLAN_LISTEN: `redirect://127.0.0.1:${redirectPort},https://127.0.0.1:${port}`,
      PORTOLAN_PUBLIC_URL: `https://${NAME}`,
      PORTOLAN_WORKERS: '2',
      PORTOLAN_TLS_ACME_DIRECTORY: directoryUrl,
      PORTOLAN_TLS_ACME_NAMES: NAME,
      PORTOLAN_TLS_ACME_EMAIL: `ops@${NAME}`,
    },
  });
  const workers = childrenOf(server.pid);
  expect(workers).toHaveLength(2);
  expect(await shownAt(port, authority.pem)).toBeUndefined();
  const path = '/.well-known/acme-challenge/nobody-asked';
  const lines = ['Host: 127.0.0.1', 'Connection: close', '', ''];
  const answer = await exchange(redirectPort, [[`GET ${path} HTTP/1.1`, ...lines].join('\r\n')]);
  expect(answer).toMatch(/^HTTP\/1\.1 404 /);

  const first = await waitForCertificate(port, authority.pem, []);
  await waitForCertificate(port, authority.pem, [first]);
  expect(requests.filter((one) => one === 'finalize')).toHaveLength(2);
  // Neither restarted nor lost a worker for it.
  expect(childrenOf(server.pid)).toEqual(workers);
  expect(await server.stop()).toBe(0);
}, 240_000);

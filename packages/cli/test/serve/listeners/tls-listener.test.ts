import { once } from 'node:events';
import { type AddressInfo, connect as connectTcp, createServer } from 'node:net';
import { connect, type ConnectionOptions, createSecureContext, type TLSSocket } from 'node:tls';
import { describe, expect, it, onTestFinished } from 'vitest';
import { createTicketKeys } from '../../../src/serve/listeners/ticket-keys.ts';
import type { HandshakeDeps } from '../../../src/serve/listeners/tls-handshake.ts';
import { selfSigned } from './certificate-files.ts';
import { exchange, type Listener, readAll, startListener } from './start-listener.ts';

function contextOf(name: string) {
  const pem = selfSigned(name);
  return createSecureContext({ cert: pem, key: pem });
}

const ONE = contextOf('one.test');
const TWO = contextOf('two.test');
const HOUR_MS = 3_600_000;
const REQUEST = 'GET /livez HTTP/1.1\r\nHost: one.test\r\nConnection: close\r\n\r\n';
const V4 = Buffer.from('0d0a0d0a000d0a515549540a2111000cc00002010a0000011f901388', 'hex');

function find(name: string | undefined) {
  return name === 'two.test' ? TWO : ONE;
}

function tlsOf(secret: string, clock = () => 0): HandshakeDeps {
  return { find, ticketKeys: createTicketKeys(secret, clock) };
}

function start(tls: HandshakeDeps = tlsOf('secret')): Promise<Listener> {
  return startListener('https://127.0.0.1:0', { tls });
}

async function open({ port }: Listener, options: ConnectionOptions = {}): Promise<TLSSocket> {
  const socket = connect({ port, host: '127.0.0.1', rejectUnauthorized: false, ...options });
  await once(socket, 'secureConnect');
  return socket;
}

/** The name in the certificate that a client is shown. */
async function shownName(listener: Listener, servername: string): Promise<unknown> {
  const socket = await open(listener, { servername });
  const { CN } = socket.getPeerCertificate().subject;
  socket.destroy();
  return CN;
}

/** A whole visit; the ticket comes with its answer. */
async function visit(listener: Listener, options: ConnectionOptions) {
  const socket = await open(listener, options);
  const isResumed = socket.isSessionReused();
  // TLS 1.3 sends it after the handshake.
  let ticket = socket.getSession();
  socket.on('session', (session) => (ticket = session));
  const all = readAll(socket);
  socket.write(REQUEST);
  expect(await all).toContain('GET /livez');
  return { ticket, isResumed };
}

describe('an https listener', () => {
  it.each([
    ['one.test', 'one.test'],
    ['two.test', 'two.test'],
    ['other.test', 'one.test'],
    // Whoever comes by an address sends no name.
    ['', 'one.test'],
  ])('shows a client that asks for %j the certificate of %s', async (asked, shown) => {
    expect(await shownName(await start(), asked)).toBe(shown);
  });

  it('speaks HTTP/1.1, and says so', async () => {
    const listener = await start();
    const socket = await open(listener, { ALPNProtocols: ['h2', 'http/1.1'] });
    expect(socket.alpnProtocol).toBe('http/1.1');
    const all = readAll(socket);
    socket.write(REQUEST);
    expect(await all).toMatch(/^HTTP\/1\.1 200 /);
    expect(listener.peer()).toEqual({ address: '127.0.0.1', isLocal: false, isEncrypted: true });
  });

  it.each<[what: string, options: ConnectionOptions]>([
    ['that speaks HTTP/2 alone', { ALPNProtocols: ['h2'] }],
    ['of TLS 1.1', { minVersion: 'TLSv1', maxVersion: 'TLSv1.1', ciphers: 'ALL@SECLEVEL=0' }],
  ])('refuses a client %s', async (_, options) => {
    await expect(open(await start(), options)).rejects.toThrow(/alert/i);
  });

  it('ends a connection that begins its handshake anew', async () => {
    const socket = await open(await start(), { maxVersion: 'TLSv1.2' });
    const all = readAll(socket);
    socket.renegotiate({}, () => socket.write(REQUEST));
    expect(await all).toBe('');
  });

  it.each(['TLSv1.2', 'TLSv1.3'] as const)('ends one of %s at a broken record', async (version) => {
    const there = connectTcp((await start()).port, '127.0.0.1');
    const ended = new Promise((resolve) => there.once('close', resolve));
    // It may be a reset: the end matters.
    there.on('error', () => undefined);
    // Between the two, so that what is broken is not the client's own.
    const relay = createServer(
      (here) =>
        void here
          .on('error', () => undefined)
          .pipe(there)
          .pipe(here),
    ).listen(0, '127.0.0.1');
    onTestFinished(() => void relay.close());
    await once(relay, 'listening');
    const { port } = relay.address() as AddressInfo;
    const versions = { minVersion: version, maxVersion: version };
    const socket = connect({ port, host: '127.0.0.1', rejectUnauthorized: false, ...versions });
    await once(
      socket.on('error', () => undefined),
      'secureConnect',
    );
    there.write(Buffer.concat([Buffer.from('1703030028', 'hex'), Buffer.alloc(40)]));
    await ended;
    socket.destroy();
  });

  it('closes a connection of plain HTTP, and goes on', async () => {
    const listener = await start();
    expect(await exchange(listener.port, [REQUEST])).toBe('');
    expect(listener.reasons).toHaveLength(1);
    expect(await shownName(listener, 'one.test')).toBe('one.test');
  });

  it('gives up what is in the middle of its handshake, when it is stopped', async () => {
    const listener = await start();
    const socket = connectTcp(listener.port, '127.0.0.1');
    await once(socket, 'connect');
    socket.write(Buffer.from('1603010200', 'hex'));
    const all = readAll(socket);
    await new Promise((resolve) => setTimeout(resolve, 50));
    await listener.drain(60_000);
    expect(await all).toBe('');
  });

  it('takes the client from a PROXY header before TLS', async () => {
    const listener = await startListener('https://127.0.0.1:0?proxy-protocol', {
      tls: tlsOf('secret'),
    });
    const raw = connectTcp(listener.port, '127.0.0.1');
    await once(raw, 'connect');
    raw.write(V4);
    const socket = connect({ socket: raw, rejectUnauthorized: false });
    const all = readAll(socket);
    socket.write(REQUEST);
    expect(await all).toContain('GET /livez');
    expect(listener.peer()).toEqual({ address: '192.0.2.1', isLocal: false, isEncrypted: true });
  });

  it('shows new certificates to new connections, and leaves the others alone', async () => {
    let context = ONE;
    const tls = { find: () => context, ticketKeys: createTicketKeys('secret', () => 0) };
    const listener = await startListener('https://127.0.0.1:0', { tls });
    const before = await open(listener);
    context = TWO;
    expect(await shownName(listener, 'one.test')).toBe('two.test');
    const all = readAll(before);
    before.write(REQUEST);
    expect(await all).toContain('GET /livez');
  });
});

describe.each(['TLSv1.2', 'TLSv1.3'] as const)('a session ticket of %s', (maxVersion) => {
  it.each(['one.test', 'two.test'])('for %s holds in every worker of one server', async (name) => {
    const options = { maxVersion, servername: name };
    const { ticket, isResumed } = await visit(await start(), options);
    expect(isResumed).toBe(false);
    const there = await visit(await start(), { ...options, session: ticket });
    expect(there.isResumed).toBe(true);
  });

  it('holds neither in another server nor for long', async () => {
    const options = { maxVersion, servername: 'one.test' };
    const { ticket } = await visit(await start(), options);
    for (const tls of [tlsOf('another'), tlsOf('secret', () => 7 * HOUR_MS)]) {
      const there = await visit(await start(tls), { ...options, session: ticket });
      expect(there.isResumed).toBe(false);
    }
  });
});

import { once } from 'node:events';
import { appendFileSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { connect, createServer, type TLSSocket } from 'node:tls';
import { expect, it, onTestFinished } from 'vitest';
import { makeCertificate } from '../../../../test/support/openssl-certificate.ts';
import { certificateBlocks, keyBlock } from '../../src/certificates/certificate-pem.ts';
import { removeRenewalRecord } from '../../src/certificates/renewal-record.ts';
import {
  type CertificateEvent,
  DAY_MS,
  importCertificate,
  listCertificates,
  openCertificateContexts,
} from '../../src/index.ts';
import { openDirectories } from '../fixtures/directories.ts';

async function openContexts(place: ReturnType<typeof openDirectories>, pollMs = 60_000) {
  const events: CertificateEvent[] = [];
  const contexts = await openCertificateContexts({
    directory: place.directories.certificates,
    clock: place.clock,
    report: (event) => events.push(event),
    pollMs,
  });
  onTestFinished(() => contexts.close());
  return { contexts, events };
}

/** A server that asks for the context of each name; returns a client of it. */
async function startServer(contexts: Awaited<ReturnType<typeof openContexts>>['contexts']) {
  const server = createServer({ SNICallback: (name, done) => done(null, contexts.find(name)) });
  server.on('tlsClientError', () => undefined);
  server.on('secureConnection', (socket) => {
    socket.on('error', () => undefined);
    socket.pipe(socket);
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  onTestFinished(() => void server.close());
  const { port } = server.address() as AddressInfo;
  return async (servername: string): Promise<TLSSocket> => {
    const socket = connect({ port, host: '127.0.0.1', servername, rejectUnauthorized: false });
    onTestFinished(() => void socket.destroy());
    await once(socket, 'secureConnect');
    return socket;
  };
}

it('are none where the directory is not there yet', async () => {
  const { contexts, events } = await openContexts(openDirectories());
  expect([contexts.find('registry.lan'), contexts.list(), events]).toEqual([undefined, [], []]);
});

it('are chosen by exact name, then by a wildcard of one label, then the first file', async () => {
  const place = openDirectories();
  await place.init(['registry.lan', 'a.example']);
  const other = await place.issue(['a.example']);
  const exact = await place.issue(['registry.lan', 'docker-io.registry.lan']);
  const wildcard = await place.issue(['*.registry.lan']);
  const { contexts } = await openContexts(place);
  const ask = await startServer(contexts);
  const seen = async (name: string) => (await ask(name)).getPeerCertificate().fingerprint256;
  expect(await seen('registry.lan')).toBe(exact.fingerprint);
  expect(await seen('Docker-IO.registry.lan')).toBe(exact.fingerprint);
  expect(await seen('quay-io.registry.lan')).toBe(wildcard.fingerprint);
  expect(await seen('a.example')).toBe(other.fingerprint);
  const [first] = contexts.list();
  expect(await seen('a.b.registry.lan')).toBe(first?.fingerprint);
  expect(contexts.find(undefined)).toBe(contexts.find('nobody.knows'));
});

it('prefer of two for one name the one that holds longer', async () => {
  const place = openDirectories();
  await place.init(['registry.lan']);
  await place.issue(['a.registry.lan', 'registry.lan'], 10);
  const longer = await place.issue(['b.registry.lan', 'registry.lan'], 30);
  const { contexts } = await openContexts(place);
  const ask = await startServer(contexts);
  const certificate = (await ask('registry.lan')).getPeerCertificate();
  expect(certificate.fingerprint256).toBe(longer.fingerprint);
});

it('show what was imported until it ends, however long ours holds, and need no reload for it', async () => {
  const place = openDirectories();
  await place.init(['registry.lan']);
  const directory = place.directories.certificates;
  place.pass(60_000);
  const theirs = makeCertificate({
    commonName: 'corporate',
    subjectAltName: 'DNS:hub.registry.lan,DNS:registry.lan',
    days: 93,
  });
  await importCertificate({ directory, clock: place.clock }, theirs);
  const { contexts } = await openContexts(place);
  const imported = contexts.find('hub.registry.lan');
  place.pass(61 * DAY_MS);
  await place.issue(['registry.lan'], 90);
  await contexts.reload();
  expect(contexts.find('registry.lan')).toBe(imported);
  expect((await listCertificates(directory, place.clock())).certificates).toMatchObject([
    { file: 'hub.registry.lan.pem', inUseFor: ['hub.registry.lan', 'registry.lan'] },
    { file: 'registry.lan.pem', inUseFor: [] },
  ]);
  place.pass(33 * DAY_MS);
  const ours = contexts.find('registry.lan');
  expect(ours).not.toBe(imported);
  expect([contexts.match('registry.lan'), contexts.find('nobody.knows')]).toEqual([ours, ours]);
  expect((await listCertificates(directory, place.clock())).certificates).toMatchObject([
    { file: 'hub.registry.lan.pem', inUseFor: ['hub.registry.lan'] },
    { file: 'registry.lan.pem', inUseFor: ['registry.lan'] },
  ]);
});

it('take an imported file as such from the moment in which its record goes', async () => {
  const place = openDirectories();
  await place.init(['registry.lan']);
  await place.issue(['a.registry.lan', 'registry.lan'], 10);
  await place.issue(['b.registry.lan', 'registry.lan'], 30);
  const { contexts } = await openContexts(place);
  const [a, b] = [contexts.find('a.registry.lan'), contexts.find('b.registry.lan')];
  expect(contexts.find('registry.lan')).toBe(b);
  await removeRenewalRecord(place.directories.certificates, 'a.registry.lan');
  await contexts.reload();
  expect(contexts.find('registry.lan')).toBe(a);
});

it('read a pair of files as they read one, and nothing else', async () => {
  const place = openDirectories();
  await place.init(['registry.lan']);
  const { path } = await place.issue(['registry.lan']);
  const pem = readFileSync(path, 'utf8');
  const folder = place.directories.certificates;
  writeFileSync(join(folder, 'pair.crt'), certificateBlocks(pem).join(''));
  writeFileSync(join(folder, 'pair.key'), keyBlock(pem) ?? '');
  writeFileSync(join(folder, 'alone.crt'), certificateBlocks(pem).join(''));
  writeFileSync(join(folder, '.draft.pem'), 'half');
  writeFileSync(join(folder, 'README'), 'of the operator');
  const { contexts, events } = await openContexts(place);
  expect(contexts.list().map(({ file }) => file)).toEqual(['pair.crt', 'registry.lan.pem']);
  expect(events.map(({ kind }) => kind)).toEqual(['loaded', 'loaded']);
});

it('see what changes without being told, and drop no connection', async () => {
  const place = openDirectories();
  await place.init(['registry.lan']);
  const before = await place.issue(['registry.lan']);
  const { contexts } = await openContexts(place, 20);
  const ask = await startServer(contexts);
  const open = await ask('registry.lan');
  const { fingerprint } = await place.issue(['registry.lan']);
  await expect.poll(() => contexts.list()).toMatchObject([{ fingerprint }]);
  expect((await ask('registry.lan')).getPeerCertificate().fingerprint256).toBe(fingerprint);
  open.write('still there');
  const [echo] = (await once(open, 'data')) as [Buffer];
  expect(echo.toString()).toBe('still there');
  expect(open.getPeerCertificate().fingerprint256).toBe(before.fingerprint);
});

const certificatesIn = (path: string) => certificateBlocks(readFileSync(path, 'utf8')).join('');
const keyIn = (path: string) => keyBlock(readFileSync(path, 'utf8')) ?? '';

it.each<[string, (path: string, other: string) => string, RegExp]>([
  ['is cut off', (path) => readFileSync(path, 'utf8').slice(0, 200), /no certificate/],
  ['is empty', () => '', /no certificate/],
  ['has lost its key', (path) => certificatesIn(path), /no private key/],
  [
    'has the key of another',
    (path, other) => certificatesIn(path) + keyIn(other),
    /do not belong together/,
  ],
])('keep the old one when a file %s, and say so once', async (_what, damaged, message) => {
  const place = openDirectories();
  await place.init(['registry.lan']);
  const { path, fingerprint } = await place.issue(['registry.lan']);
  const other = await place.issue(['other.registry.lan']);
  const { contexts, events } = await openContexts(place);
  events.length = 0;
  writeFileSync(path, damaged(path, other.path));
  await contexts.reload();
  await contexts.reload();
  expect(events).toMatchObject([{ kind: 'failed', file: 'registry.lan.pem' }]);
  expect(events[0]?.message).toMatch(message);
  expect(events[0]?.message).toContain('stays in use');
  const ask = await startServer(contexts);
  expect((await ask('registry.lan')).getPeerCertificate().fingerprint256).toBe(fingerprint);
});

it('take a file that was broken as soon as it is whole', async () => {
  const place = openDirectories();
  await place.init(['registry.lan']);
  const { path } = await place.issue(['registry.lan']);
  const whole = readFileSync(path, 'utf8');
  writeFileSync(path, whole.slice(0, 300));
  const { contexts, events } = await openContexts(place);
  expect(contexts.list()).toEqual([]);
  appendFileSync(path, whole.slice(300));
  await contexts.reload();
  expect(events.map(({ kind }) => kind)).toEqual(['failed', 'loaded']);
  expect(contexts.list()).toHaveLength(1);
});

it('are for clients that name no server the same while the first file is gone', async () => {
  const place = openDirectories();
  await place.init(['registry.lan']);
  const first = await place.issue(['a.registry.lan']);
  await place.issue(['b.registry.lan']);
  const { contexts } = await openContexts(place);
  const before = contexts.find(undefined);
  expect(before).not.toBe(contexts.find('b.registry.lan'));
  rmSync(first.path);
  for (let look = 0; look < 3; look++) {
    await contexts.reload();
    expect(contexts.find(undefined)).toBe(before);
  }
});

it('show the certificate of a file that is gone where no other is for the name', async () => {
  const place = openDirectories();
  await place.init(['registry.lan']);
  const gone = await place.issue(['registry.lan', 'a.registry.lan'], 90);
  const { contexts } = await openContexts(place);
  const ask = await startServer(contexts);
  const seen = async (name: string) => (await ask(name)).getPeerCertificate().fingerprint256;
  rmSync(gone.path);
  await contexts.reload();
  expect([await seen('registry.lan'), await seen('nobody.knows')]).toEqual(
    Array.from({ length: 2 }, () => gone.fingerprint),
  );
  const next = await place.issue(['b.registry.lan', 'a.registry.lan'], 30);
  await contexts.reload();
  expect(await seen('registry.lan')).toBe(gone.fingerprint);
  // Though it ends sooner.
  expect(await seen('a.registry.lan')).toBe(next.fingerprint);
  expect(await seen('nobody.knows')).toBe(next.fingerprint);
  expect(contexts.list()).toHaveLength(2);
});

it('tell once a day of a certificate that ends within two weeks', async () => {
  const place = openDirectories();
  await place.init(['registry.lan']);
  await place.issue(['registry.lan'], 90);
  const { contexts, events } = await openContexts(place);
  const messages = async () => {
    events.length = 0;
    await contexts.reload();
    return events.map(({ kind, message }) => `${kind}: ${message}`);
  };
  place.pass(75 * DAY_MS);
  expect(await messages()).toEqual([]);
  place.pass(1.5 * DAY_MS);
  expect(await messages()).toEqual(['expiring: expires in 13 days']);
  expect(await messages()).toEqual([]);
  place.pass(DAY_MS);
  expect(await messages()).toEqual(['expiring: expires in 12 days']);
  place.pass(20 * DAY_MS);
  expect(await messages()).toEqual(['expiring: has expired']);
});

import { X509Certificate } from 'node:crypto';
import { once } from 'node:events';
import { readdirSync, readFileSync, statSync } from 'node:fs';
import { createServer, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { describe, expect, it, onTestFinished } from 'vitest';
import { certificateBlocks, keyBlock } from '../../src/certificates/certificate-pem.ts';
import {
  CertificateName,
  createAcmeOrders,
  DAY_MS,
  listCertificates,
  openAuthority,
  readChallenge,
  renewDue,
} from '../../src/index.ts';
import { AcmeProblem } from '../fixtures/acme-jws.ts';
import { startAcmeServer } from '../fixtures/acme-server.ts';
import { openDirectories } from '../fixtures/directories.ts';

const NAMES = ['registry.corp', 'portal.registry.corp'].map(CertificateName.parse);

async function startAnswering(answer: (url: string, response: ServerResponse) => void) {
  const server = createServer(({ url = '' }, response) => answer(url, response));
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  onTestFinished(() => {
    server.close();
    server.closeAllConnections();
  });
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
}

/** Port 80 of the names: shares the files alone with whoever orders. */
async function startSite(certificates: string) {
  const prefix = '/.well-known/acme-challenge/';
  async function answer(url: string, response: ServerResponse): Promise<void> {
    const challenge = await readChallenge(certificates, url.slice(prefix.length));
    response.writeHead(challenge === undefined ? 404 : 200).end(challenge);
  }
  return startAnswering((url, response) => void answer(url, response));
}

interface Given {
  readonly site?: string;
  readonly isTls?: boolean;
  readonly email?: string;
}

async function setUp({ site, isTls = false, email }: Given = {}) {
  const theirs = openDirectories();
  await theirs.init(['corp'], ['127.0.0.1']);
  const place = openDirectories();
  const { certificates } = place.directories;
  const server = await startAcmeServer({
    authority: await openAuthority(theirs.directories.authority),
    site: site ?? (await startSite(certificates)),
    tls: isTls ? readFileSync((await theirs.issue(['127.0.0.1'])).path, 'utf8') : undefined,
  });
  onTestFinished(() => server.close());
  const { directoryUrl } = server;
  const deps = { directoryUrl, email, certificates, clock: place.clock, pollMs: 10 };
  const authorityFile = join(theirs.directories.authority, 'ca.crt');
  return { server, place, certificates, deps, authorityFile, orders: createAcmeOrders(deps) };
}

type Server = Awaited<ReturnType<typeof setUp>>['server'];

describe('an order', () => {
  it('brings certificate, chain and a fresh key, once the names are proven', async () => {
    const { orders, authorityFile, certificates, server } = await setUp();
    const pem = await orders.order(NAMES);
    const [own = '', issuer = ''] = certificateBlocks(pem);
    const certificate = new X509Certificate(own);
    for (const name of NAMES) expect(certificate.checkHost(name)).toBe(name);
    expect(issuer).toBe(readFileSync(authorityFile, 'utf8'));
    expect(keyBlock(await orders.order(NAMES))).not.toBe(keyBlock(pem));
    expect(server.requests).toContain('finalize');
    // No answer to a challenge outlives it.
    expect(readdirSync(join(certificates, 'acme'))).toEqual(['account.key']);
    expect(statSync(join(certificates, 'acme', 'account.key')).mode & 0o777).toBe(0o600);
  });

  it('tells the server whom to write to, where that is set', async () => {
    const { orders, server } = await setUp({ email: 'ops@registry.corp' });
    await orders.order(NAMES);
    expect(server.contacts).toEqual([['mailto:ops@registry.corp']]);
  });

  it('trusts the authority of a server inside only where it is named', async () => {
    const { orders, deps, authorityFile } = await setUp({ isTls: true });
    await expect(orders.order(NAMES)).rejects.toMatchObject({ code: 'acme-unavailable' });
    const trusting = createAcmeOrders({ ...deps, authorityFile });
    expect(certificateBlocks(await trusting.order(NAMES))).toHaveLength(2);
    await expect(orders.order(NAMES)).rejects.toMatchObject({ code: 'acme-unavailable' });
  });

  it('goes on after a nonce that the server does not know any more', async () => {
    const { orders, server } = await setUp();
    server.refuse('order', new AcmeProblem('badNonce', 'an old nonce'));
    server.refuse('finalize', new AcmeProblem('badNonce', 'an old nonce'));
    expect(certificateBlocks(await orders.order(NAMES))).toHaveLength(2);
  });

  it.each<[string, Parameters<Server['refuse']>, string]>([
    ['is limited', ['order', new AcmeProblem('rateLimited', 'too many', 429)], 'acme-limited'],
    [
      'is limited at its challenge',
      ['challenge', new AcmeProblem('rateLimited', 'too many failures', 429)],
      'acme-limited',
    ],
    [
      'is refused',
      ['order', new AcmeProblem('rejectedIdentifier', 'not one of ours')],
      'acme-denied',
    ],
    [
      'meets a server with a problem',
      ['finalize', new AcmeProblem('serverInternal', 'the database is away', 500)],
      'acme-unavailable',
    ],
    [
      'is without an account',
      ['account', new AcmeProblem('unauthorized', 'this account is closed', 403)],
      'acme-denied',
    ],
  ])('says so when it %s', async (_what, refusal, code) => {
    const { orders, server } = await setUp();
    server.refuse(...refusal);
    await expect(orders.order(NAMES)).rejects.toMatchObject({
      code,
      detail: { server: server.directoryUrl, reason: refusal[1].message },
    });
  });

  it('says when the server takes orders again', async () => {
    const { orders, server, place } = await setUp();
    const limit = new AcmeProblem('rateLimited', 'wait', 429, { 'Retry-After': '7200' });
    server.refuse('order', limit);
    await expect(orders.order(NAMES)).rejects.toMatchObject({
      detail: { retryAt: place.clock() + 7_200_000 },
    });
  });

  it('says what the server saw when it could not prove the names, and what to check', async () => {
    const elsewhere = await startSite(openDirectories().directories.certificates);
    const { orders, certificates } = await setUp({ site: elsewhere });
    await expect(orders.order(NAMES)).rejects.toMatchObject({
      code: 'acme-denied',
      detail: {
        reason: expect.stringContaining('saw status 404'),
        hint: expect.stringContaining('port 80'),
      },
    });
    expect(readdirSync(join(certificates, 'acme'))).toEqual(['account.key']);
  });

  it.each<[string, string, readonly Parameters<Server['hold']>[]]>([
    ['a challenge that stays pending', 'acme-unavailable', [['challenge', 'pending']]],
    ['a challenge that stays in process', 'acme-unavailable', [['challenge', 'processing']]],
    [
      'an order that stays in process',
      'acme-unavailable',
      [
        ['finalize', 'processing'],
        ['order', 'processing'],
      ],
    ],
    [
      'an order that fails when all names are proven',
      'acme-denied',
      [
        ['finalize', 'invalid'],
        ['order', 'invalid'],
      ],
    ],
  ])('speaks of no challenge that has failed for %s', async (_what, code, holds) => {
    const { orders, server } = await setUp();
    for (const hold of holds) server.hold(...hold);
    await expect(orders.order(NAMES)).rejects.toMatchObject({
      code,
      message: expect.stringMatching(code === 'acme-denied' ? /certificate$/ : / in time$/),
      detail: expect.not.objectContaining({ hint: expect.anything() }),
    });
  });

  it.each<[number, string]>([
    [404, ''],
    [403, '<html></html>'],
    [200, ''],
    [200, '<html></html>'],
    [200, '{"issuer":"https://sso.corp"}'],
  ])('says that %i with %j is no directory of an ACME server', async (status, body) => {
    const { deps } = await setUp();
    const origin = await startAnswering((_url, response) => {
      response.writeHead(status).end(body);
    });
    await expect(
      createAcmeOrders({ ...deps, directoryUrl: origin }).order(NAMES),
    ).rejects.toMatchObject({
      code: 'acme-unavailable',
      message: expect.stringContaining('no directory'),
      detail: { server: origin, hint: expect.stringContaining('tls.acme_directory') },
    });
  });

  it('is not begun for what HTTP cannot prove', async () => {
    const { orders, server } = await setUp();
    const wildcard = [CertificateName.parse('*.registry.corp')];
    await expect(orders.order(wildcard)).rejects.toMatchObject({ code: 'request-invalid' });
    expect(server.requests).toEqual([]);
  });

  it('says why nobody is reached', async () => {
    const { orders, server } = await setUp();
    server.close();
    await expect(orders.order(NAMES)).rejects.toMatchObject({
      code: 'acme-unavailable',
      detail: { reason: expect.stringContaining('ECONNREFUSED') },
    });
  });
});

describe('renewal by ACME', () => {
  it('keeps the old certificate when the order fails, and gets the new one later', async () => {
    const { orders, server, certificates, place } = await setUp();
    const deps = {
      directories: place.directories,
      clock: place.clock,
      acmeNames: NAMES,
      orderCertificate: (names: readonly CertificateName[]) => orders.order(names),
    };
    expect(await renewDue(deps)).toMatchObject([{ file: '_acme.pem', outcome: 'renewed' }]);
    const before = await listCertificates(certificates, place.clock());
    expect(before.certificates).toMatchObject([{ names: NAMES, source: 'acme' }]);
    server.refuse('order', new AcmeProblem('rateLimited', 'wait', 429));
    place.pass(70 * DAY_MS);
    expect(await renewDue(deps)).toMatchObject([
      { outcome: 'failed', error: { code: 'acme-limited' } },
    ]);
    expect(await listCertificates(certificates, place.clock())).toEqual(before);
    expect(await renewDue(deps)).toMatchObject([{ outcome: 'renewed' }]);
    expect(await listCertificates(certificates, place.clock())).not.toEqual(before);
  });
});

it('answers nothing but challenges, whatever is asked for', async () => {
  const { certificates, orders } = await setUp();
  await orders.order(NAMES);
  for (const token of ['../account', 'account.key', '', '.', 'a/b', 'a'.repeat(129)]) {
    expect(await readChallenge(certificates, token), token).toBeUndefined();
  }
});

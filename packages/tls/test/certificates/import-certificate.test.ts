// Certificates as an operator's own authority issues them, made by openssl.
import { createPrivateKey } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import {
  makeCertificate,
  type MadeCertificate,
} from '../../../../test/support/openssl-certificate.ts';
import { certificateBlocks, keyBlock } from '../../src/certificates/certificate-pem.ts';
import { DAY_MS, importCertificate, listCertificates } from '../../src/index.ts';
import { openDirectories } from '../fixtures/directories.ts';

const SIGNS = ['keyUsage=keyCertSign'];

/** Root, intermediate and server, all of two years. */
function makeChain() {
  const days = 730;
  const top = makeCertificate({ commonName: 'top', extensions: SIGNS, days });
  const middle = makeCertificate({
    commonName: 'middle',
    issuer: top,
    isAuthority: true,
    extensions: SIGNS,
    days,
  });
  const server = makeCertificate({
    commonName: 'server',
    subjectAltName: 'DNS:registry.corp,IP:10.0.0.1',
    issuer: middle,
    days,
  });
  return { top, middle, server };
}

type Others = ReturnType<typeof makeChain>;

function setUp() {
  const place = openDirectories();
  const deps = { directory: place.directories.certificates, clock: place.clock };
  // What openssl is about to make holds from the second on in which it does.
  place.pass(60_000);
  return { ...place, deps, others: makeChain() };
}

/** Bytes in the middle are others. */
function damage(pem: string): string {
  return pem.replace(/\n.{60}/, '\nAAAA');
}

describe('import', () => {
  it('puts the chain in order, leaves out the trust anchor, and says what it covers', async () => {
    const { deps, others } = setUp();
    const { server, middle, top } = others;
    const imported = await importCertificate(deps, {
      certificate: top.certificate + middle.certificate + server.certificate,
      key: server.key,
    });
    expect(imported).toMatchObject({ names: ['registry.corp', '10.0.0.1'], warnings: [] });
    const pem = readFileSync(join(deps.directory, 'registry.corp.pem'), 'utf8');
    const blocks = [server, middle].map(({ certificate }) => certificateBlocks(certificate)[0]);
    expect(certificateBlocks(pem)).toEqual(blocks);
    expect(keyBlock(pem)).toBe(server.key);
    const { certificates } = await listCertificates(deps.directory, deps.clock());
    expect(certificates).toMatchObject([{ file: 'registry.corp.pem', source: 'imported' }]);
  });

  it('warns of the names that only the one before was for', async () => {
    const { deps, others, init, issue } = setUp();
    await init(['registry.corp'], ['10.0.0.0/8']);
    await issue(['registry.corp', '*.registry.corp', '10.0.0.1']);
    const { server, middle } = others;
    const request = { certificate: server.certificate + middle.certificate, key: server.key };
    const { warnings } = await importCertificate(deps, request);
    expect(warnings).toEqual(['the one before was also for *.registry.corp']);
    expect((await importCertificate(deps, request)).warnings).toEqual([]);
  });

  it('says for which of its names another one stays in use', async () => {
    const { deps, init, issue } = setUp();
    await init(['corp']);
    await issue(['hub.a.corp', 'b.hub.a.corp']);
    const both = makeCertificate({
      commonName: 'x',
      subjectAltName: 'DNS:*.a.corp,DNS:b.hub.a.corp',
      days: 90,
    });
    expect((await importCertificate(deps, both)).warnings).toEqual([
      'hub.a.corp.pem stays in use for hub.a.corp',
    ]);
    const alike = makeCertificate({
      commonName: 'y',
      subjectAltName: 'DNS:b.hub.a.corp',
      days: 60,
    });
    expect((await importCertificate(deps, alike)).warnings).toEqual([
      '_wildcard.a.corp.pem stays in use for b.hub.a.corp',
    ]);
  });

  it('takes the chain from a file of its own, and warns when there is none', async () => {
    const { deps, others } = setUp();
    const { certificate, key } = others.server;
    const chain = others.middle.certificate;
    const whole = await importCertificate(deps, { certificate, key, chain });
    expect(whole.warnings).toEqual([]);
    const alone = await importCertificate(deps, { certificate, key });
    expect(alone.warnings).toEqual([expect.stringContaining('--chain')]);
  });

  it('takes a certificate that is its own authority', async () => {
    const { deps } = setUp();
    const own = makeCertificate({ commonName: 'own', subjectAltName: 'DNS:own.corp' });
    const imported = await importCertificate(deps, own);
    expect(imported).toMatchObject({ file: 'own.corp.pem', warnings: [] });
  });

  it('warns of one that ends soon, and refuses one out of its time', async () => {
    const { deps, others, pass } = setUp();
    const request = { ...others.server, chain: others.middle.certificate };
    pass(-2 * DAY_MS);
    await expect(importCertificate(deps, request)).rejects.toThrow(/holds only from/);
    pass(720 * DAY_MS);
    const { warnings } = await importCertificate(deps, request);
    expect(warnings).toEqual([expect.stringContaining('it ends on')]);
    pass(20 * DAY_MS);
    await expect(importCertificate(deps, request)).rejects.toThrow(/has expired/);
  });

  it.each<[string, (others: Others) => MadeCertificate & { chain?: string }, RegExp]>([
    [
      'the key of another',
      ({ server, middle }) => ({ ...server, key: middle.key }),
      /do not belong together/,
    ],
    ['no certificate', ({ server }) => ({ ...server, certificate: 'nothing' }), /no certificate/],
    [
      'a damaged certificate',
      ({ server }) => ({ ...server, certificate: damage(server.certificate) }),
      /cannot be read/,
    ],
    ['no key', ({ server }) => ({ ...server, key: server.certificate }), /no private key/],
    [
      'a stranger in the chain',
      ({ server, middle }) => ({
        ...server,
        chain: middle.certificate + makeCertificate({ commonName: 'stranger' }).certificate,
      }),
      /nothing to do with the others/,
    ],
    ['no name', () => makeCertificate({ commonName: 'nameless' }), /names no server/],
    [
      'a certificate for clients',
      () =>
        makeCertificate({
          commonName: 'client',
          subjectAltName: 'DNS:a.corp',
          extensions: ['extendedKeyUsage=clientAuth'],
        }),
      /not for servers/,
    ],
    [
      'a key that is too short',
      () => makeCertificate({ commonName: 'a', subjectAltName: 'DNS:a.corp', rsaBits: 1024 }),
      /cannot use the certificate with its key \(rsa, 1024 bits\)/,
    ],
  ])('refuses %s, and writes nothing', async (_what, request, message) => {
    const { deps, others } = setUp();
    await expect(importCertificate(deps, request(others))).rejects.toMatchObject({
      code: 'certificate-invalid',
      message: expect.stringMatching(message),
    });
    expect((await listCertificates(deps.directory, deps.clock())).certificates).toEqual([]);
  });

  it('says how a password is taken off a key', async () => {
    const { deps, others } = setUp();
    const { server } = others;
    const key = createPrivateKey(server.key).export({
      type: 'pkcs8',
      format: 'pem',
      cipher: 'aes-256-cbc',
      passphrase: 'x',
    });
    await expect(
      importCertificate(deps, { certificate: server.certificate, key }),
    ).rejects.toMatchObject({ detail: { hint: expect.stringContaining('openssl pkey') } });
  });
});

// What is said of the certificate that a server shows.
import { parseRegistryAddress } from '@portolan/clients';
import { createAuthority, DAY_MS, issueIntoDirectory, type RetiredAuthority } from '@portolan/tls';
import { X509Certificate } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { createServer as createPlainServer } from 'node:http';
import { createServer, type ServerOptions } from 'node:https';
import type { AddressInfo, Server as NetServer } from 'node:net';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import {
  type CertificateWishes,
  makeCertificate,
  type MadeCertificate,
} from '../../../../test/support/openssl-certificate.ts';
import type { Finding } from '../../src/doctor/check.ts';
import { tls } from '../../src/doctor/checks/tls.ts';
import type { Server } from '../../src/doctor/server.ts';
import { createServerConnection } from '../../src/doctor/server-connection.ts';
import { scratchDirectory } from '../serve/start-server.ts';

/** For localhost, where nothing else is wished. */
function made(wishes: Partial<CertificateWishes>): ServerOptions & { readonly cert: string } {
  const names = { commonName: 'made', subjectAltName: 'DNS:localhost', days: 90 };
  const { certificate, key } = makeCertificate({ isAuthority: false, ...names, ...wishes });
  return { cert: certificate, key };
}

function longAgo(): number {
  return Date.now() - 100 * DAY_MS;
}

describe('of the certificate that a server shows, portolan doctor says', () => {
  const directory = scratchDirectory();
  const servers: NetServer[] = [];
  let authority: MadeCertificate;
  let intermediate: MadeCertificate;
  let ca: string;
  let ended: ServerOptions;
  let before: MadeCertificate;
  let retired: RetiredAuthority;

  /** @param certificates that hang on the authority that was replaced */
  async function look(
    options: ServerOptions | undefined,
    certificates: readonly string[] = [],
  ): Promise<readonly Finding[]> {
    const server = options === undefined ? createPlainServer() : createServer(options);
    servers.push(server);
    await new Promise<void>((resolve) => {
      server.listen(0, '127.0.0.1', resolve);
    });
    const { port } = server.address() as AddressInfo;
    const address = parseRegistryAddress(`https://localhost:${port}`);
    const seen: Server = {
      address,
      ca,
      retired: [{ ...retired, certificates }],
      connection: createServerConnection({ address, ca, timeoutMs: 2000 }),
      clock: Date.now,
      randomId: () => 'id',
      views: [],
      isOwn: false,
      login: undefined,
      signToken: undefined,
      namespace: undefined,
      failures: undefined,
      publicRepository: undefined,
      allowsAnonymous: undefined,
    };
    const found = await tls.run({ machine: '', open: '', server: seen });
    return [found].flat();
  }

  /** By an authority of its own, which still holds. */
  async function makeEnded(): Promise<ServerOptions> {
    const clock = longAgo;
    const directories = { authority: join(directory, 'ca'), certificates: join(directory, 'tls') };
    const request = { domains: ['localhost'], networks: [], isForced: false };
    const { pem } = await createAuthority({ directory: directories.authority, clock }, request);
    ca += pem;
    const names = ['localhost'];
    const issue = { names, days: 10, out: undefined };
    const { path } = await issueIntoDirectory({ directories, clock }, issue);
    const chainAndKey = readFileSync(path, 'utf8');
    return { cert: chainAndKey, key: chainAndKey };
  }

  beforeAll(async () => {
    authority = makeCertificate({ commonName: 'authority' });
    const issued = { issuer: authority, isAuthority: true };
    intermediate = makeCertificate({ commonName: 'intermediate', ...issued });
    ca = authority.certificate;
    ended = await makeEnded();
    before = makeCertificate({ commonName: 'before' });
    ca += before.certificate;
    const { fingerprint256: fingerprint, validToDate } = new X509Certificate(before.certificate);
    const notAfter = validToDate.getTime();
    retired = { pem: before.certificate, name: 'before', fingerprint, notAfter, certificates: [] };
  });

  afterAll(() => {
    for (const server of servers) server.close();
  });

  it.each<[string, () => ServerOptions | undefined, Partial<Finding>[]]>([
    ['ok when all is well', () => made({ issuer: authority }), [{ verdict: 'ok' }]],
    [
      'that it signs itself',
      () => made({}),
      [{ verdict: 'fail', summary: expect.stringContaining('DEPTH_ZERO_SELF_SIGNED_CERT') }],
    ],
    [
      'that an intermediate is missing',
      () => made({ issuer: intermediate }),
      [{ verdict: 'fail', meaning: expect.stringContaining('intermediate') }],
    ],
    [
      'nothing when the intermediate is there',
      () => {
        const { cert, key } = made({ issuer: intermediate });
        return { cert: cert + intermediate.certificate, key };
      },
      [{ verdict: 'ok' }],
    ],
    [
      'that it is for another name',
      () => made({ issuer: authority, subjectAltName: 'DNS:registry.lan' }),
      [{ verdict: 'fail', summary: 'it is not for localhost, but for registry.lan' }],
    ],
    [
      'that it has ended',
      () => ended,
      [{ verdict: 'fail', summary: expect.stringContaining('CERT_HAS_EXPIRED') }],
    ],
    [
      'that it ends soon',
      () => made({ issuer: authority, days: 5 }),
      [{ verdict: 'warn', summary: expect.stringMatching(/^it ends in [45] days$/) }],
    ],
    [
      'that its key is weak',
      () => ({
        ...made({ issuer: authority, rsaBits: 1024 }),
        ciphers: 'DEFAULT@SECLEVEL=0',
      }),
      expect.arrayContaining([expect.objectContaining({ verdict: 'fail' })]) as Finding[],
    ],
    [
      'that there is no TLS',
      () => undefined,
      [{ verdict: 'fail', summary: expect.stringContaining('no TLS') }],
    ],
  ])('%s', async (_, options, expected) => {
    const found = await look(options());
    expect(found).toEqual(
      Array.isArray(expected) ? expected.map((one) => expect.objectContaining(one)) : expected,
    );
  });

  it.each([
    [
      'what here still hangs on it, and to renew that',
      ['a.pem'],
      /a\.pem/,
      /renew --force.*reload/,
    ],
    ['that a proxy shows what was renewed', [], /a proxy still shows/, /^reload the proxy/],
  ])('of an authority that was replaced, %s', async (_, hanging, meaning, remedy) => {
    expect(await look(made({ issuer: before }), hanging)).toMatchObject([
      {
        verdict: 'warn',
        summary: 'it is of before, an authority that was replaced',
        meaning: expect.stringMatching(meaning),
        remedy: expect.stringMatching(remedy),
      },
    ]);
  });
});

// What is said of the certificate that a server shows.
import { parseRegistryAddress } from '@portolan/clients';
import { createAuthority, issueIntoDirectory } from '@portolan/tls';
import { execFileSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { createServer as createPlainServer } from 'node:http';
import { createServer, type ServerOptions } from 'node:https';
import type { AddressInfo, Server as NetServer } from 'node:net';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { Finding } from '../../src/doctor/check.ts';
import { tls } from '../../src/doctor/checks/tls.ts';
import type { Server } from '../../src/doctor/server.ts';
import { createServerConnection } from '../../src/doctor/server-connection.ts';
import { scratchDirectory } from '../serve/start-server.ts';

const DAY_MS = 86_400_000;
const EC = '-newkey ec -pkeyopt ec_paramgen_curve:P-256';

function longAgo(): number {
  return Date.now() - 100 * DAY_MS;
}

describe('of the certificate that a server shows, portolan doctor says', () => {
  const directory = scratchDirectory();
  const servers: NetServer[] = [];
  let ca: string;
  let ended: ServerOptions;

  interface Made {
    readonly key?: string;
    readonly dates?: string;
    readonly names?: string;
    readonly issuer?: string;
    readonly more?: string;
  }

  function make(
    name: string,
    {
      key = EC,
      dates = '-days 90',
      names = 'DNS:localhost',
      issuer,
      more = 'basicConstraints=critical,CA:FALSE',
    }: Made,
  ) {
    const file = join(directory, name);
    const by =
      issuer === undefined
        ? ''
        : `-CA ${join(directory, issuer)}.crt -CAkey ${join(directory, issuer)}.key`;
    const line = `req -x509 ${key} -nodes ${dates} -subj /CN=${name} -addext subjectAltName=${names} -addext ${more} ${by} -keyout ${file}.key -out ${file}.crt`;
    execFileSync('/usr/bin/openssl', line.split(' ').filter(Boolean), { stdio: 'ignore' });
    return { key: readFileSync(`${file}.key`, 'utf8'), cert: readFileSync(`${file}.crt`, 'utf8') };
  }

  async function look(options: ServerOptions | undefined): Promise<readonly Finding[]> {
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
    ca = make('authority', { more: 'basicConstraints=critical,CA:TRUE' }).cert;
    ended = await makeEnded();
    make('intermediate', { issuer: 'authority', more: 'basicConstraints=critical,CA:TRUE' });
  });

  afterAll(() => {
    for (const server of servers) server.close();
  });

  it.each<[string, () => ServerOptions | undefined, Partial<Finding>[]]>([
    ['ok when all is well', () => make('good', { issuer: 'authority' }), [{ verdict: 'ok' }]],
    [
      'that it signs itself',
      () => make('own', {}),
      [{ verdict: 'fail', summary: expect.stringContaining('DEPTH_ZERO_SELF_SIGNED_CERT') }],
    ],
    [
      'that an intermediate is missing',
      () => make('short', { issuer: 'intermediate' }),
      [{ verdict: 'fail', meaning: expect.stringContaining('intermediate') }],
    ],
    [
      'nothing when the intermediate is there',
      () => {
        const { cert, key } = make('long', { issuer: 'intermediate' });
        return { cert: cert + readFileSync(join(directory, 'intermediate.crt'), 'utf8'), key };
      },
      [{ verdict: 'ok' }],
    ],
    [
      'that it is for another name',
      () => make('elsewhere', { issuer: 'authority', names: 'DNS:registry.lan' }),
      [{ verdict: 'fail', summary: 'it is not for localhost, but for registry.lan' }],
    ],
    [
      'that it has ended',
      () => ended,
      [{ verdict: 'fail', summary: expect.stringContaining('CERT_HAS_EXPIRED') }],
    ],
    [
      'that it ends soon',
      () => make('ending', { issuer: 'authority', dates: '-days 5' }),
      [{ verdict: 'warn', summary: expect.stringMatching(/^it ends in [45] days$/) }],
    ],
    [
      'that its key is weak',
      () => ({
        ...make('weak', { issuer: 'authority', key: '-newkey rsa:1024' }),
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
});

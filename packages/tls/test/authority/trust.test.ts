// What clients make of our certificates: OpenSSL's own command, and Node's TLS as a client. The limits
// of the authority are proven with certificates that it signs and that `issue` would refuse.
import { execFileSync, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { writeFileSync } from 'node:fs';
import { type AddressInfo, isIP } from 'node:net';
import { join } from 'node:path';
import { connect, createServer } from 'node:tls';
import { describe, expect, it } from 'vitest';
import { signServerCertificate } from '../../src/authority/sign-certificate.ts';
import { CertificateName, DAY_MS, openAuthority } from '../../src/index.ts';
import { openDirectories } from '../fixtures/directories.ts';

interface Case {
  readonly domains: readonly string[];
  readonly networks?: readonly string[];
  readonly names: readonly string[];
  /** What the client asks for. */
  readonly host: string;
  readonly isTrusted: boolean;
}

const OWN: Case = {
  domains: ['registry.lan'],
  names: ['registry.lan'],
  host: 'registry.lan',
  isTrusted: true,
};

// biome-ignore format: one line a case
const CASES: readonly (readonly [string, Case])[] = [
  ['its domain', OWN],
  ['a name below', { domains: ['registry.lan'], names: ['*.registry.lan'], host: 'docker-io.registry.lan', isTrusted: true }],
  ['another domain', { domains: ['registry.lan'], names: ['bank.example'], host: 'bank.example', isTrusted: false }],
  ['another one beside its own', { domains: ['registry.lan'], names: ['registry.lan', 'bank.example'], host: 'bank.example', isTrusted: false }],
  ['a name that ends alike', { domains: ['registry.lan'], names: ['badregistry.lan'], host: 'badregistry.lan', isTrusted: false }],
  ['an address without any', { domains: ['registry.lan'], names: ['127.0.0.1'], host: '127.0.0.1', isTrusted: false }],
  ['an IPv6 address without any', { domains: ['registry.lan'], names: ['::1'], host: '::1', isTrusted: false }],
  ['an address of its network', { domains: ['registry.lan'], networks: ['127.0.0.0/8'], names: ['127.0.0.1'], host: '127.0.0.1', isTrusted: true }],
  ['an address of another network', { domains: ['registry.lan'], networks: ['10.0.0.0/8'], names: ['127.0.0.1'], host: '127.0.0.1', isTrusted: false }],
  ['an address of the other family', { domains: ['registry.lan'], networks: ['10.0.0.0/8'], names: ['::1'], host: '::1', isTrusted: false }],
  ['an address where it has no domain', { domains: [], networks: ['127.0.0.1'], names: ['127.0.0.1'], host: '127.0.0.1', isTrusted: true }],
  ['a domain where it has addresses alone', { domains: [], networks: ['127.0.0.1'], names: ['registry.lan'], host: 'registry.lan', isTrusted: false }],
];

/** Signs without asking whether it may. */
async function signed({ domains, networks, names }: Case) {
  const { init, directories, clock, root } = openDirectories();
  await init(domains, networks);
  const authority = await openAuthority(directories.authority);
  const parsed = names.map(CertificateName.parse);
  const times = { from: clock() - DAY_MS, until: clock() + DAY_MS };
  const leaf = await signServerCertificate(authority, parsed, times);
  const file = join(root, 'leaf.crt');
  writeFileSync(file, leaf.certificate);
  return { ...leaf, file, authority: join(directories.authority, 'ca.crt'), ca: authority.pem };
}

async function isTrustedByNode(host: string, leaf: Awaited<ReturnType<typeof signed>>) {
  const server = createServer({ key: leaf.key, cert: leaf.certificate }, (socket) => socket.end());
  server.on('tlsClientError', () => undefined);
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  const name = isIP(host) === 0 ? { servername: host } : {};
  const client = connect({ port, host: '127.0.0.1', ca: leaf.ca, ...name });
  try {
    await once(client, 'secureConnect');
    return client.authorized;
  } catch {
    return false;
  } finally {
    client.destroy();
    server.close();
  }
}

function verify(purpose: string, ca: string, ...rest: readonly string[]): boolean {
  const args = ['verify', '-x509_strict', '-purpose', purpose, '-CAfile', ca, ...rest];
  return spawnSync('openssl', args).status === 0;
}

function text(path: string): string {
  return execFileSync('openssl', ['x509', '-in', path, '-noout', '-text'], { encoding: 'utf8' });
}

describe('whoever trusts the authority', () => {
  it.each(CASES)('decides on %s', async (_what, one) => {
    const leaf = await signed(one);
    const { host, isTrusted } = one;
    const asked = [isIP(host) === 0 ? '-verify_hostname' : '-verify_ip', host];
    expect(verify('sslserver', leaf.authority, ...asked, leaf.file), 'openssl').toBe(isTrusted);
    // A loopback connection by an IPv6 address is not to be had everywhere.
    if (host !== '::1') expect(await isTrustedByNode(host, leaf), 'node').toBe(isTrusted);
  });

  it('lets it issue no other authority, and sign nothing but servers', async () => {
    const { authority, file } = await signed(OWN);
    expect(text(authority)).toMatch(/Basic Constraints: critical\s+CA:TRUE, pathlen:0/);
    expect(text(authority)).toMatch(/Name Constraints: critical/);
    expect(text(authority)).toMatch(/Key Usage: critical\s+Certificate Sign, CRL Sign/);
    expect(text(file)).toMatch(/Basic Constraints: critical\s+CA:FALSE/);
    expect(verify('sslclient', authority, file)).toBe(false);
  });
});

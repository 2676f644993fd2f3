// deploy/haproxy/haproxy.cfg as it is shipped, and with the PROXY protocol that its comments offer.
import { readFile, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describeProxy, type ProxyCommand } from './describe-proxy.ts';
import type { OneBox } from './one-box.ts';
import { certificateTests } from './proxy-certificates.ts';
import { dockerTests } from './proxy-docker.ts';
import { headerTests, requestIdTests } from './proxy-headers.ts';
import { nameTests } from './proxy-names.ts';
import { transferTests } from './proxy-transfers.ts';

function isKey(block: string): boolean {
  return block.includes('PRIVATE KEY');
}

/** Makes NAME.crt and NAME.key of NAME.pem: Portolan takes either, and HAProxy must, too. */
async function splitCertificate(directory: string, name: string): Promise<void> {
  const file = join(directory, name);
  const text = await readFile(`${file}.pem`, 'utf8');
  const blocks = text.match(/-----BEGIN [\s\S]*?-----END [A-Z ]+-----\n/g) ?? [];
  await writeFile(`${file}.crt`, blocks.filter((block) => !isKey(block)).join(''));
  await writeFile(`${file}.key`, blocks.filter(isKey).join(''), { mode: 0o600 });
  await rm(`${file}.pem`);
}

async function prepare(
  box: OneBox,
  sockets: OneBox['sockets'],
  words: Readonly<Record<string, string>>,
): Promise<ProxyCommand> {
  await splitCertificate(box.certificates, 'portal.registry.lan');
  const path = await box.copyDeployed('haproxy/haproxy.cfg', {
    'timeout http-request 30s': 'timeout http-request 2s',
    'timeout http-keep-alive 60s': 'timeout http-keep-alive 2s',
    ...words,
  });
  return {
    file: '/usr/sbin/haproxy',
    // With a master that stays root, so that it ends with the test.
    args: ['-W', '-db', '-f', path],
    check: ['-c', '-f', path],
    env: {
      PORTOLAN_CERTIFICATES: box.certificates,
      PORTOLAN_REGISTRY_SOCKET: sockets.registry,
      PORTOLAN_AUTH_SOCKET: sockets.auth,
    },
  };
}

describeProxy({
  title: 'HAProxy',
  packages: ['haproxy', 'docker.io'],
  group: 'haproxy',
  prepare: (box) => prepare(box, box.sockets, {}),
  tests: [nameTests, headerTests, requestIdTests, transferTests, certificateTests, dockerTests],
});

/** The server's line that a comment offers, but on a unix socket. */
function offered(half: string, address: string): Readonly<Record<string, string>> {
  const variable = `"unix@\${PORTOLAN_${half.toUpperCase()}_SOCKET}"`;
  return {
    [`    server ${half} ${variable}`]: `    #server ${half} ${variable}`,
    [`    #server ${half} ${address}`]: `    server ${half} ${variable}`,
  };
}

describeProxy({
  title: 'HAProxy with the PROXY protocol',
  packages: ['haproxy'],
  group: 'haproxy',
  prepare: (box) =>
    prepare(box, box.proxyProtocolSockets, {
      ...offered('registry', '10.0.0.5:5000'),
      ...offered('auth', '10.0.0.5:5001'),
      // The protocol alone has to tell the address.
      'http-request set-header X-Forwarded-For %[src]': '',
    }),
  tests: [nameTests, headerTests],
});

import { createAuthority } from '@portolan/tls';
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { pino } from 'pino';
import { expect, it, onTestFinished } from 'vitest';
import { ListenAddress } from '../../../src/config/listen-address.ts';
import { watchUncoveredRegistries } from '../../../src/serve/connect/uncovered-registries.ts';
import { selfSigned } from '../listeners/certificate-files.ts';
import { run, scratchDirectory, startServer, waitUntil } from '../start-server.ts';

const EVERY_MS = 20;

interface Given {
  readonly listen?: string;
  readonly impersonates?: boolean;
  /** Of the authority; undefined where there is none. */
  readonly domains?: readonly string[];
  /** Names of certificates that lie there. */
  readonly files?: readonly string[];
  readonly namespaces: readonly string[];
}

async function watch(given: Given) {
  const { listen = 'connect://127.0.0.1:0', impersonates = false, domains, files = [] } = given;
  const root = scratchDirectory();
  const directories = { authority: join(root, 'ca'), certificates: join(root, 'tls') };
  if (domains !== undefined) {
    const deps = { directory: directories.authority, clock: Date.now };
    await createAuthority(deps, { domains, networks: [], isForced: false });
  }
  mkdirSync(directories.certificates);
  for (const name of files) {
    writeFileSync(join(directories.certificates, `${name}.pem`), selfSigned(name));
  }
  const address = ListenAddress.parse(listen);
  if ('problem' in address) throw new Error(address.problem);
  const namespaces = [...given.namespaces];
  const lines: { registries: string[]; hint: string }[] = [];
  const watching = watchUncoveredRegistries({
    settings: { listen: [address], tls: { directories, acme: undefined, impersonates } },
    publicUrl: 'https://registry.lan',
    views: { all: async () => namespaces },
    logger: pino({}, { write: (line: string) => void lines.push(JSON.parse(line)) }),
    everyMs: EVERY_MS,
  });
  onTestFinished(() => watching?.stop());
  return { lines, namespaces, watching };
}

const settle = () => new Promise((resolve) => setTimeout(resolve, 10 * EVERY_MS));

it.each<[what: string, given: Given, hint: string]>([
  [
    'what the authority may not issue for, beside what it may',
    { domains: ['registry.lan', 'quay.io'], namespaces: ['quay.io', 'ghcr.io', 'team'] },
    'portolan ca init --force-new --name registry.lan --impersonate quay.io --impersonate ghcr.io, and',
  ],
  [
    'everything where there is no authority',
    { namespaces: ['docker.io'] },
    'portolan ca init --name registry.lan --impersonate docker.io, and',
  ],
  [
    'a registry at an address or a port',
    { domains: ['registry.lan'], namespaces: ['192.0.2.7_5000', 'mirror.corp_5000'] },
    '--name registry.lan --ip 192.0.2.7 --impersonate mirror.corp, and',
  ],
])('tells once of %s, and how to make it right', async (_, given, hint) => {
  const { lines } = await watch(given);
  await waitUntil(() => lines.length > 0);
  await settle();
  expect(lines).toHaveLength(1);
  expect(lines[0]?.hint).toContain(hint);
});

it('tells again when there is one more', async () => {
  const { lines, namespaces } = await watch({ domains: ['lan'], namespaces: ['ghcr.io'] });
  await waitUntil(() => lines.length === 1);
  namespaces.push('quay.io');
  await waitUntil(() => lines.length === 2);
  expect(lines[1]?.registries).toEqual(['ghcr.io', 'quay.io']);
});

it.each<[what: string, given: Given]>([
  ['all may be issued', { domains: ['docker.io'], namespaces: ['docker.io'] }],
  ['a file is there', { files: ['ghcr.io'], namespaces: ['ghcr.io'] }],
  ['nothing is mirrored', { namespaces: ['team'] }],
])('is silent where %s', async (_, given) => {
  const { lines } = await watch(given);
  await settle();
  expect(lines).toEqual([]);
});

it.each([
  ['https://127.0.0.1:0', false, false],
  ['https://127.0.0.1:0', true, true],
  ['http://127.0.0.1:0', true, false],
])('at %s with tls.impersonate=%s looks: %s', async (listen, impersonates, isLooking) => {
  const { watching } = await watch({ listen, impersonates, namespaces: [] });
  expect(watching !== undefined).toBe(isLooking);
});

it('is said by a server when it starts, once by all its workers', async () => {
  const dataDir = scratchDirectory();
  const env = { PORTOLAN_DATA_DIR: dataDir };
  // Makes the database.
  const first = await startServer({ args: ['serve'], env });
  await fetch(`${first.address}/livez`);
  expect(await first.stop()).toBe(0);
  for (const line of ['ca init --name registry.test', 'namespace create ghcr.io']) {
    expect(await run({ args: line.split(' '), env }).exited).toBe(0);
  }
  const server = await startServer({
    args: ['serve'],
    env: {
      ...env,
      PORTOLAN_LISTEN: 'connect://127.0.0.1:0',
      PORTOLAN_PUBLIC_URL: 'https://registry.test',
      PORTOLAN_WORKERS: '2',
    },
  });
  const told = () => server.stderr().split('no certificate can be shown for').length - 1;
  await waitUntil(() => told() > 0);
  expect(server.stderr()).toContain('"registries":["ghcr.io"]');
  expect(server.stderr()).toContain('--name registry.test --impersonate ghcr.io');
  expect(await server.stop()).toBe(0);
  expect(told()).toBe(1);
});

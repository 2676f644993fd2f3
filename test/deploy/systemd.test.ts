// deploy/systemd as it is shipped: judged by systemd's own tools, and started with sockets as systemd passes
// them. Nothing here is run by a systemd; what the units refuse, the image's tests try.
import { cp, mkdir, readdir, readFile, writeFile } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { type Daemon, startDaemon } from '../support/daemon.ts';
import { describeWith } from '../support/debian-package.ts';
import { runCommand, words } from '../support/run-command.ts';
import { createScratchDirectory, type ScratchDirectory } from '../support/scratch-directory.ts';
import { runPortolan } from '../support/start-portolan.ts';
import { createProxiedClient } from './proxied-client.ts';

const ROOT = resolve(import.meta.dirname, '../..');
const SHIPPED = join(ROOT, 'deploy', 'systemd');
const ANALYZE = '/usr/bin/systemd-analyze';
const SERVICES = [
  'portolan.service',
  'portolan-registry.service',
  'portolan-auth.service',
  'portolan-connect.service',
];
/** Of ten; systemd itself finds up to 4.0 OK. */
const MOST_EXPOSURE = 2;
const INSTALLED = '/opt/portolan';

/** All values of a key of a unit, in order. */
async function readKey(file: string, key: string): Promise<string[]> {
  const text = await readFile(join(SHIPPED, file), 'utf8');
  return [...text.matchAll(new RegExp(`^${key}=(.*)$`, 'gm'))].map(([, value = '']) => value);
}

/** `Environment=` as a record. */
async function readVariables(file: string): Promise<Record<string, string>> {
  const pairs = await readKey(file, 'Environment');
  return Object.fromEntries(pairs.map((pair) => pair.split(/=(.*)/s, 2) as [string, string]));
}

/** Units that a document writes down, by their names. */
async function readDocumented(file: string): Promise<ReadonlyMap<string, string>> {
  const text = await readFile(join(ROOT, 'docs', file), 'utf8');
  const blocks = [...text.matchAll(/^```ini\n(.*?)^```/gms)]
    .map(([, block = '']) => block)
    .join('');
  const parts = blocks.split(/^# \/etc\/systemd\/system\/(\S+)\n/m).slice(1);
  return new Map(parts.flatMap((name, i) => (i % 2 === 0 ? [[name, parts[i + 1] ?? '']] : [])));
}

/** The units as they would be in /etc/systemd/system, for a program that is where this one is. */
async function installUnits(directory: string): Promise<string[]> {
  await cp(SHIPPED, directory, { recursive: true, verbatimSymlinks: true });
  const units = (await readdir(directory)).filter((name) => /\.(service|socket)$/.test(name));
  for (const name of units) {
    const path = join(directory, name);
    const text = await readFile(path, 'utf8');
    const node = `${INSTALLED}/node_modules/node/bin/node`;
    await writeFile(path, text.replace(node, process.execPath).replaceAll(INSTALLED, ROOT));
  }
  return units;
}

describeWith({ packages: ['systemd'], root: true }, 'the units of systemd', () => {
  let scratch: ScratchDirectory;
  let units: string[];
  beforeAll(async () => {
    scratch = await createScratchDirectory('systemd');
    units = await installUnits(join(scratch.path, 'units'));
  });
  afterAll(() => scratch.remove());

  const analyze = (...args: string[]) =>
    runCommand(ANALYZE, args, { cwd: join(scratch.path, 'units') });

  test('are right, without and with the drop-in', async () => {
    const all = units.map((name) => `./${name}`);
    expect(await analyze('verify', '--man=no', ...all)).toMatchObject({ code: 0, output: '' });
    const directory = join(scratch.path, 'units');
    await cp(
      join(directory, 'drop-ins/own-ports.conf'),
      join(directory, 'portolan.service.d/own-ports.conf'),
    );
    const own = await analyze('verify', '--man=no', './portolan.service');
    expect(own).toMatchObject({ code: 0, output: '' });
  });

  test.each(SERVICES)('%s is exposed to little', async (name) => {
    const args = ['--offline=true', '--no-pager', `--threshold=${MOST_EXPOSURE * 10}`];
    const { code, output } = await analyze('security', ...args, `./${name}`);
    expect(output).toContain('Overall exposure level');
    expect(code, output).toBe(0);
  });

  test.each(SERVICES)('%s gives requests time to end', async (name) => {
    const [limit = ''] = await readKey(name, 'TimeoutStopSec');
    const table = await readFile(join(ROOT, 'docs', 'configuration.md'), 'utf8');
    const [, grace] = /`PORTOLAN_SHUTDOWN_GRACE_SECONDS` \| `(\d+)`/.exec(table) ?? [];
    expect(Number.parseInt(limit, 10)).toBeGreaterThan(Number(grace));
  });

  test('leave units of reverse-proxies.md the rights to reload a proxy', async () => {
    const documented = await readDocumented('reverse-proxies.md');
    const own = [...documented].filter(([name]) => !name.includes('/'));
    expect(own.map(([name]) => name)).toEqual(['reload-haproxy.path', 'reload-haproxy.service']);
    for (const [name, text] of own) await writeFile(join(scratch.path, 'units', name), text);
    const files = own.map(([name]) => `./${name}`);
    const verified = await analyze('verify', '--man=no', ...files);
    expect(verified).toMatchObject({ code: 0, output: '' });
    const { output } = await analyze(
      'security',
      '--offline=true',
      '--no-pager',
      './reload-haproxy.service',
    );
    expect(output).toMatch(/✗ +NoNewPrivileges=/);
  });

  test('are made for a user that systemd-sysusers makes', async () => {
    const root = join(scratch.path, 'root');
    await mkdir(join(root, 'etc'), { recursive: true });
    const { code, output } = await runCommand('/usr/bin/systemd-sysusers', [
      `--root=${root}`,
      join(SHIPPED, 'portolan.sysusers.conf'),
    ]);
    expect(code, output).toBe(0);
    const users = await readFile(join(root, 'etc/passwd'), 'utf8');
    for (const name of SERVICES) {
      const [user] = await readKey(name, 'User');
      expect(users).toContain(`${user}:x:`);
    }
  });
});

function answers(asked: Promise<{ readonly status: number }>): Promise<boolean> {
  return asked.then(
    ({ status }) => status === 200,
    () => false,
  );
}

/** The sockets that each service is given, by the names that they have there. */
const ACTIVATED = {
  'portolan.service': ['portolan.socket', 'portolan-redirect.socket'],
  'portolan-auth.service': ['portolan-auth.socket'],
  'portolan-registry.service': ['portolan-registry.socket'],
};

describeWith({ packages: ['systemd'] }, 'a service on the sockets of its units', () => {
  let scratch: ScratchDirectory;
  let dataDir: string;
  const daemons: Daemon[] = [];

  beforeAll(async () => {
    scratch = await createScratchDirectory('activated');
    dataDir = join(scratch.path, 'data');
    for (const line of ['ca init --name registry.lan', 'ca issue registry.lan']) {
      const { code, stderr } = await runPortolan(words(line), { dataDir });
      expect(code, stderr).toBe(0);
    }
  });
  afterAll(async () => {
    for (const daemon of daemons) await daemon.stop();
    await scratch.remove();
  });

  const pathOf = (unit: string): string => join(scratch.path, unit);

  /** By the command, the variables and the names that the units have; the first connection starts it. */
  async function activate(service: keyof typeof ACTIVATED, isReady: () => Promise<boolean>) {
    const sockets = ACTIVATED[service];
    const names = await Promise.all(
      sockets.map(async (unit) => (await readKey(unit, 'FileDescriptorName'))[0] ?? unit),
    );
    const variables = {
      ...(await readVariables(service)),
      PORTOLAN_PUBLIC_URL: 'https://registry.lan',
      PORTOLAN_DATA_DIR: dataDir,
    };
    const own = `unix:${join(scratch.path, `${service}.sock`)}`;
    const set = Object.entries(variables).map(
      ([key, value]) => `--setenv=${key}=${value.replace('unix:/run/portolan/portolan.sock', own)}`,
    );
    const [, ...command] = words((await readKey(service, 'ExecStart'))[0] ?? '');
    daemons.push(
      await startDaemon({
        file: '/usr/bin/systemd-socket-activate',
        args: [
          ...sockets.map((unit) => `--listen=${pathOf(unit)}`),
          `--fdname=${names.join(':')}`,
          ...set,
          process.execPath,
          ...command.map((word) => word.replace(INSTALLED, ROOT)),
        ],
        logFile: join(scratch.path, `${service}.log`),
        isReady,
      }),
    );
  }

  const clientOf = async (https: string, plain: string) =>
    createProxiedClient({
      httpsSocket: pathOf(https),
      httpSocket: pathOf(plain),
      ca: await readFile(join(dataDir, 'ca', 'ca.crt')),
    });

  test('serves HTTPS, and sends plain HTTP there', async () => {
    const client = await clientOf('portolan.socket', 'portolan-redirect.socket');
    const request = { host: 'registry.lan', path: '/readyz' };
    await activate('portolan.service', () => answers(client.send(request)));
    const sent = await client.send({ ...request, scheme: 'http', path: '/v2/' });
    expect(sent.status).toBe(308);
    expect(sent.headers.get('location')).toBe('https://registry.lan/v2/');
  });

  test.each(['auth', 'registry'] as const)('serves the %s on a unix socket', async (half) => {
    const socket = `portolan-${half}.socket`;
    const client = await clientOf('portolan.socket', socket);
    const request = { scheme: 'http', host: 'registry.lan', path: '/readyz' } as const;
    await activate(`portolan-${half}.service`, () => answers(client.send(request)));
    const base = await client.send({ ...request, path: '/v2/' });
    expect(base.status).toBe(half === 'registry' ? 401 : 404);
  });
});

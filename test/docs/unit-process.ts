// Starts what a unit of systemd would start, on a machine where it is installed but systemd is not: its
// command line as its user, in its environment, with the sockets of its socket units.
import { readdir, readFile, rm } from 'node:fs/promises';
import { join } from 'node:path';
import type { Machine } from '../network/machine.ts';
import { type Daemon, startDaemon } from '../support/daemon.ts';

export interface UnitOptions {
  /** Without `.service`. */
  readonly name: string;
  /** Without `.socket`. Where there is none, the unit is started at once. */
  readonly sockets: readonly string[];
  /** Beside what the unit says. */
  readonly variables: Readonly<Record<string, string>>;
  /** A shell script that succeeds when it answers. The first connection starts it. */
  readonly ready: string;
}

interface Socket {
  readonly address: string;
  readonly name: string;
  readonly owner: string;
}

const EMPTY = '';

function valuesOf(text: string, key: string): string[] {
  return [...text.matchAll(new RegExp(`^${key}=(.*)$`, 'gm'))].map(([, value = EMPTY]) => value);
}

async function readUnit(etc: string, name: string): Promise<string> {
  const units = join(etc, 'systemd/system');
  const dropIns = join(units, `${name}.service.d`);
  const files = await readdir(dropIns).catch(() => []);
  const paths = [join(units, `${name}.service`), ...files.map((file) => join(dropIns, file))];
  return (await Promise.all(paths.map((path) => readFile(path, 'utf8')))).join('\n');
}

async function readSocket(etc: string, unit: string): Promise<Socket> {
  const text = await readFile(join(etc, `systemd/system/${unit}.socket`), 'utf8');
  const value = (key: string): string | undefined => valuesOf(text, key).at(-1);
  return {
    address: value('ListenStream') ?? EMPTY,
    name: value('FileDescriptorName') ?? `${unit}.socket`,
    owner: `${value('SocketUser') ?? 'root'}:${value('SocketGroup') ?? 'root'}`,
  };
}

/** `NAME=VALUE` of the unit and of its files; of two the later counts, and a file's before the unit's. */
async function readEnvironment(etc: string, unit: string): Promise<string[]> {
  const files = valuesOf(unit, 'EnvironmentFile').map((path) => path.replace(/^\/etc/, etc));
  const texts = await Promise.all(files.map((path) => readFile(path, 'utf8')));
  const lines = texts.join('\n').split('\n');
  return [...valuesOf(unit, 'Environment'), ...lines.filter((line) => /^\w+=/.test(line))];
}

export async function startUnit(machine: Machine, options: UnitOptions): Promise<Daemon> {
  const etc = join(machine.directory, 'etc');
  const unit = await readUnit(etc, options.name);
  const sockets = await Promise.all(options.sockets.map((name) => readSocket(etc, name)));
  const user = valuesOf(unit, 'User').at(-1) ?? 'root';
  const environment = [
    ...(await readEnvironment(etc, unit)),
    ...Object.entries(options.variables).map(([name, value]) => `${name}=${value}`),
  ];
  // The kernel forgets the outer one's signal when the user changes.
  const asUser = ['--pdeathsig=TERM', `--reuid=${user}`, `--regid=${user}`, '--init-groups'];
  const command = valuesOf(unit, 'ExecStart').at(-1)?.split(' ') ?? [];
  const owners = sockets
    .filter(({ address }) => address.startsWith('/'))
    .map(({ address, owner }) => `chown ${owner} ${address}; chmod 660 ${address}`);
  const logFile = join(machine.directory, `${options.name}.log`);
  await rm(logFile, { force: true });
  const activate = [
    '/usr/bin/systemd-socket-activate',
    ...sockets.map(({ address }) => `--listen=${address}`),
    `--fdname=${sockets.map(({ name }) => name).join(':')}`,
    ...environment.map((line) => `--setenv=${line}`),
    '/usr/bin/env',
  ];
  const alone = ['/usr/bin/env', '--ignore-environment', ...environment];
  const [file = EMPTY, ...args] = sockets.length > 0 ? activate : alone;
  return startDaemon({
    ...machine.inside(file, [...args, '--chdir=/', '/usr/bin/setpriv', ...asUser, ...command]),
    logFile,
    // `listening` is the last that it does; whoever asks earlier is answered by a worker.
    isReady: async () =>
      (await machine.sh([...owners, options.ready].join('\n'))).code === 0 &&
      (await readFile(logFile, 'utf8')).includes('"msg":"listening"'),
  });
}

// A server and a client on machines of their own with a cable between them, which a test can pull or damage.
// The client is curl: its uploads and downloads can be broken off anywhere.
import { randomBytes } from 'node:crypto';
import { readdir, writeFile } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import { createMachine, type Machine } from '../network/machine.ts';
import { type Daemon, startDaemon } from '../support/daemon.ts';
import { randomBlob } from '../support/image.ts';
import { runPortolan } from '../support/start-portolan.ts';

const MAIN = resolve(import.meta.dirname, '../../packages/cli/src/main.ts');
const SERVER = '192.0.2.1';
const CLIENT = '192.0.2.2';
const PORT = 5000;
const HOST = `${SERVER}:${PORT}`;
export const REPOSITORY = 'cable/images';
export const BLOBS = `http://${HOST}/v2/${REPOSITORY}/blobs`;

export interface File {
  readonly path: string;
  readonly size: number;
  readonly digest: string;
}

export interface Cable {
  readonly client: Machine;
  /** `-H` of a request by the client; quoted for its shell. */
  readonly login: string;
  /** One with random bytes, for the client to send. */
  makeFile(name: string, size: number): Promise<File>;
  /** A request by the client that goes on in the background. */
  begin(args: readonly string[]): Promise<Daemon>;
  /** Connections that the server's process still has, from others than itself. */
  connections(): Promise<number>;
  descriptors(): Promise<number>;
  stop(): Promise<void>;
}

async function startServer(machine: Machine, password: string): Promise<Daemon> {
  const dataDir = join(machine.directory, 'data');
  const daemon = await startDaemon({
    ...machine.inside(process.execPath, [MAIN, 'serve']),
    env: {
      HOME: machine.directory,
      PORTOLAN_DATA_DIR: dataDir,
      PORTOLAN_LISTEN: `http://0.0.0.0:${PORT}`,
      PORTOLAN_PUBLIC_URL: `http://${HOST}`,
      PORTOLAN_ADMIN_PASSWORD: password,
      PORTOLAN_WORKERS: '1',
    },
    logFile: join(machine.directory, 'server.log'),
    isReady: async () => (await machine.sh(`curl -fs http://${HOST}/livez`)).code === 0,
  });
  await runPortolan(['namespace', 'create', 'cable'], { dataDir });
  return daemon;
}

async function logIn(client: Machine, password: string): Promise<string> {
  const url = `http://${HOST}/token?service=${HOST}&scope=repository:${REPOSITORY}:pull,push`;
  const { stdout } = await client.must(`curl -fsS -u 'admin:${password}' '${url}'`);
  const { token } = JSON.parse(stdout) as { token: string };
  return `Authorization: Bearer ${token}`;
}

export async function layCable(): Promise<Cable> {
  const server = await createMachine('server');
  const client = await createMachine('client');
  await server.plug(`${SERVER}/24`, client, `${CLIENT}/24`);
  const password = randomBytes(18).toString('base64url');
  const daemon = await startServer(server, password);
  const login = await logIn(client, password);
  const running: Daemon[] = [];
  return {
    client,
    login,
    async makeFile(name, size) {
      const { bytes, digest } = randomBlob(size);
      const path = join(client.directory, name);
      await writeFile(path, bytes);
      return { path, size, digest };
    },
    async begin(args) {
      const curl = client.inside('/usr/bin/curl', ['-sS', '-H', login, ...args]);
      const logFile = join(client.directory, 'curl.log');
      const one = await startDaemon({ ...curl, logFile, isReady: async () => true });
      running.push(one);
      return one;
    },
    async connections() {
      // In any state, as long as a process holds it.
      const { stdout } = await server.must(`ss -Htanp '( sport = :${PORT} )'`);
      return stdout
        .split('\n')
        .filter((line) => line.includes(`pid=${daemon.pid},`) && !/LISTEN/.test(line)).length;
    },
    descriptors: async () => (await readdir(`/proc/${daemon.pid}/fd`)).length,
    async stop() {
      for (const one of running) await one.stop();
      await daemon.stop();
      await client.stop();
      await server.stop();
    },
  };
}

/** Begins an upload. @returns the path and query of its location */
export async function beginUpload({ client, login }: Cable): Promise<string> {
  const { stdout } = await client.must(
    `curl -fsS -o /dev/null -w '%header{location}' -H '${login}' -X POST ${BLOBS}/uploads/`,
  );
  return new URL(stdout, `http://${HOST}`).href;
}

/** How many bytes the server has, and where the upload goes on. */
export async function uploadStatus({ client, login }: Cable, url: string) {
  const { stdout } = await client.must(
    `curl -fsS -o /dev/null -w '%header{range} %header{location}' -H '${login}' '${url}'`,
  );
  const [, last = '', location = ''] = /^0-(\d+) (\S+)$/.exec(stdout) ?? [];
  // `0-0` is how an upload without a byte is told.
  return { received: Number(last) === 0 ? 0 : Number(last) + 1, url: new URL(location, url).href };
}

/** Sends what the server has not, and closes the upload. */
export async function finishUpload(cable: Cable, url: string, file: File): Promise<void> {
  const { client, login } = cable;
  const status = await uploadStatus(cable, url);
  const rest = `${file.path}.rest`;
  await client.must(`tail -c +${status.received + 1} ${file.path} >${rest}`);
  const range = `Content-Range: ${status.received}-${file.size - 1}`;
  const headers = `-H '${login}' -H 'Content-Type: application/octet-stream'`;
  const quiet = '-fsS -o /dev/null';
  const { stdout } = await client.sh(
    `curl ${quiet} -w '%header{location}' ${headers} -H '${range}' -X PATCH -T ${rest} '${status.url}'`,
    { timeoutMs: 300_000 },
  );
  const next = new URL(stdout, url);
  next.searchParams.set('digest', file.digest);
  await client.must(`curl ${quiet} -H '${login}' -X PUT '${next.href}'`);
}

/** The digest of what a whole or resumed download has brought. */
export async function digestAt({ client }: Cable, path: string): Promise<string> {
  const { stdout } = await client.must(`sha256sum ${path}`);
  return `sha256:${stdout.slice(0, 64)}`;
}

import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { renameSync } from 'node:fs';
import { request } from 'node:http';
import { createServer, type Server } from 'node:net';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { describe, expect, it, onTestFinished } from 'vitest';
import { ListenAddress } from '../../../src/config/listen-address.ts';
import {
  inheritedDescriptors,
  passedSockets,
  takePassedSockets,
} from '../../../src/serve/listeners/passed-sockets.ts';
import { childrenOf, run, scratchDirectory, waitUntil } from '../start-server.ts';

const MAIN = resolve(import.meta.dirname, '../../../src/main.ts');

function listen(...texts: string[]): ListenAddress[] {
  return texts.map((text) => {
    const address = ListenAddress.parse(text);
    if ('problem' in address) throw new Error(address.problem);
    return address;
  });
}

describe('sockets of systemd', () => {
  it.each([
    [{}, []],
    [{ LISTEN_PID: '7', LISTEN_FDS: '0' }, []],
    [{ LISTEN_PID: '8', LISTEN_FDS: '1' }, []],
    [{ LISTEN_PID: '7', LISTEN_FDS: '1' }, [{ fd: 3, name: '' }]],
    [
      { LISTEN_PID: '7', LISTEN_FDS: '2', LISTEN_FDNAMES: 'web:socket' },
      [
        { fd: 3, name: 'web' },
        { fd: 4, name: 'socket' },
      ],
    ],
  ])('are read from %o', (environment, expected) => {
    expect(passedSockets(environment, 7)).toEqual(expected);
  });

  const passed = [
    { fd: 3, name: 'web' },
    { fd: 4, name: 'tls' },
    { fd: 5, name: 'web' },
  ];

  it('go to the entries with their name, the others to the one without', () => {
    const taken = takePassedSockets(listen('a:1', 'systemd:', 'https://systemd:tls'), passed);
    expect(taken).toMatchObject([
      { kind: 'tcp' },
      { kind: 'systemd', scheme: 'http', name: 'web', fd: 3 },
      { kind: 'systemd', scheme: 'http', name: 'web', fd: 5 },
      { kind: 'systemd', scheme: 'https', name: 'tls', fd: 4 },
    ]);
    expect(inheritedDescriptors(taken)).toEqual([3, 4, 5]);
    expect(inheritedDescriptors(takePassedSockets(listen('systemd:tls'), passed))).toEqual([
      'ignore',
      4,
    ]);
    expect(inheritedDescriptors(listen('a:1'))).toEqual([]);
  });

  it.each([
    ['systemd:other', passed, 'systemd passed no socket named other'],
    ['systemd:', [], 'systemd passed no socket to this process'],
  ])('that %s asks for in vain are an error', (text, given, message) => {
    expect(() => takePassedSockets(listen(text), given)).toThrow(message);
  });
});

function statusOf(where: { socketPath: string } | { port: number }): Promise<number | undefined> {
  return new Promise((done, fail) => {
    const sent = request(
      { host: '127.0.0.1', ...where, path: '/livez', agent: false },
      (answer) => {
        answer.resume();
        done(answer.statusCode);
      },
    );
    sent.once('error', fail).end();
  });
}

/** As systemd starts it: with a socket as descriptor 3, and the process's own id in the environment. */
function activate(socket: Server, workers: number) {
  const dataDir = scratchDirectory();
  const { fd } = Reflect.get(socket, '_handle') as { fd: number };
  const child = spawn(
    '/bin/sh',
    ['-c', 'LISTEN_PID=$$ exec "$0" "$1" serve', process.execPath, MAIN],
    {
      cwd: tmpdir(),
      env: {
        HOME: dataDir,
        LISTEN_FDS: '1',
        LISTEN_FDNAMES: 'web',
        PORTOLAN_LISTEN: 'systemd:web',
        PORTOLAN_PUBLIC_URL: 'http://registry.test',
        PORTOLAN_DATA_DIR: dataDir,
        PORTOLAN_WORKERS: String(workers),
      },
      stdio: ['ignore', 'pipe', 'ignore', fd],
    },
  );
  onTestFinished(() => void child.kill('SIGKILL'));
  const { stdout } = child;
  if (stdout === null) throw new Error('its output is not read');
  return { child, stdout };
}

describe.each([1, 2])('a server of %d worker(s) on a socket that was passed', (workers) => {
  it.each(['tcp', 'unix'])('of %s answers, from before it started to its end', async (kind) => {
    const socket = createServer({ pauseOnConnect: true });
    const path = join(scratchDirectory(), 'socket');
    const made = `${path}-made`;
    socket.listen(kind === 'unix' ? { path: made } : { host: '127.0.0.1', port: 0 });
    await once(socket, 'listening');
    // Its maker would remove it when it closes.
    if (kind === 'unix') renameSync(made, path);
    const address = socket.address();
    const { child, stdout } = activate(socket, workers);
    socket.close();
    const port = typeof address === 'object' && address !== null ? address.port : 0;
    const where = kind === 'unix' ? { socketPath: path } : { port };
    const first = statusOf(where);
    await once(stdout, 'data');
    expect(await first).toBe(200);
    expect(await statusOf(where)).toBe(200);
    if (workers > 1) {
      // Those that come after all have died listen there again.
      const old = childrenOf(child.pid ?? 0);
      for (const pid of old) process.kill(pid, 'SIGKILL');
      await waitUntil(
        () => childrenOf(child.pid ?? 0).filter((pid) => !old.includes(pid)).length === workers,
      );
      expect(await statusOf(where)).toBe(200);
    }
    child.kill('SIGTERM');
    expect(await once(child, 'exit')).toEqual([0, null]);
  });
});

it('says so when systemd passed nothing', async () => {
  const env = {
    PORTOLAN_LISTEN: 'systemd:',
    PORTOLAN_PUBLIC_URL: 'http://registry.test',
    PORTOLAN_DATA_DIR: scratchDirectory(),
  };
  const server = run({ args: ['serve'], env });
  expect(await server.exited).toBe(1);
  expect(server.stderr()).toContain('systemd passed no socket to this process');
});

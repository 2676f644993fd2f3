import { chmodSync, existsSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { createServiceManager } from '../../src/serve/systemd-notify.ts';
import { scratchDirectory, startServer, waitUntil } from './start-server.ts';

/** A directory with a `systemd-notify` that writes down what it is told. */
function createListener() {
  const directory = scratchDirectory();
  const file = join(directory, 'told');
  const program = join(directory, 'systemd-notify');
  writeFileSync(program, `#!/bin/sh\nfor state; do echo "$state" >> '${file}'; done\n`);
  chmodSync(program, 0o755);
  return {
    directory,
    told: () => (existsSync(file) ? readFileSync(file, 'utf8').trimEnd().split('\n') : []),
  };
}

it('tells the service manager that it is ready, alive and stopping', async () => {
  const { directory, told } = createListener();
  const server = await startServer({
    args: ['serve'],
    env: {
      PATH: `${directory}:/usr/bin:/bin`,
      NOTIFY_SOCKET: join(directory, 'socket'),
      WATCHDOG_USEC: '200000',
      PORTOLAN_DATA_DIR: join(directory, 'data'),
    },
  });
  await waitUntil(() => told().includes('WATCHDOG=1'));
  expect(told().slice(0, 2)).toEqual(['READY=1', `STATUS=listening on ${server.address}`]);
  expect(await server.stop()).toBe(0);
  expect(told()).toContain('STOPPING=1');
});

it.each([
  ['there is no manager', {}],
  ['the manager watches another process', { WATCHDOG_USEC: '2000', WATCHDOG_PID: '1' }],
])('says nothing of its life when %s', async (_, more) => {
  const { directory, told } = createListener();
  const socket = 'WATCHDOG_USEC' in more ? { NOTIFY_SOCKET: '/x' } : {};
  const manager = createServiceManager(
    { PATH: `${directory}:/usr/bin:/bin`, ...socket, ...more },
    7,
  );
  await manager.ready('listening');
  await new Promise((resolve) => setTimeout(resolve, 50));
  expect(told()).not.toContain('WATCHDOG=1');
});

it('goes on where the program is missing', async () => {
  const environment = { PATH: scratchDirectory(), NOTIFY_SOCKET: '/nowhere' };
  const manager = createServiceManager(environment, 7);
  await expect(manager.ready('listening')).resolves.toBeUndefined();
  await expect(manager.stopping()).resolves.toBeUndefined();
});

import { createServer } from 'node:net';
import { once } from 'node:events';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { ListenAddress } from '../../../src/config/listen-address.ts';
import { listenFailure } from '../../../src/serve/listeners/listen-failure.ts';
import { run, scratchDirectory } from '../start-server.ts';

function parse(text: string): ListenAddress {
  const address = ListenAddress.parse(text);
  if ('problem' in address) throw new Error(address.problem);
  return address;
}

it.each([1, 2])('%d worker(s) say that the directory of a socket is missing', async (workers) => {
  const path = join(scratchDirectory(), 'none', 'p.sock');
  const server = run({
    args: ['serve'],
    env: {
      PORTOLAN_DATA_DIR: scratchDirectory(),
      PORTOLAN_PUBLIC_URL: 'http://localhost:5000',
      PORTOLAN_LISTEN: `unix:${path}`,
      PORTOLAN_WORKERS: String(workers),
    },
  });
  expect(await server.exited).toBe(1);
  expect(server.stderr()).toContain(`cannot listen on unix:${path} (ENOENT)`);
  expect(server.stderr()).toContain('Make it first');
});

it.each([
  ['unix:/tmp/p.sock', 'EACCES', '(EACCES)', 'may not make a file in the directory'],
  ['unix:/none-such/p.sock', 'EACCES', '(ENOENT)', 'does not exist'],
  ['127.0.0.1:80', 'EACCES', '(EACCES)', 'Ports below 1024'],
])('%s with %s is told as %s', async (text, given, code, hint) => {
  const failure = await listenFailure(parse(text), given);
  expect(failure.message).toContain(code);
  expect(failure.hint).toContain(hint);
});

it.each([
  ['twice', 'names 127.0.0.1:PORT twice'],
  ['beside another program', 'Another program listens there'],
])('an address that is taken %s is told without a trace', async (how, told) => {
  const other = createServer().listen(0, '127.0.0.1');
  await once(other, 'listening');
  const { port } = other.address() as { port: number };
  if (how === 'twice') other.close();
  const address = `127.0.0.1:${port}`;
  const server = run({
    args: ['serve'],
    env: {
      PORTOLAN_DATA_DIR: scratchDirectory(),
      PORTOLAN_LISTEN: how === 'twice' ? `${address},${address}` : address,
      PORTOLAN_WORKERS: '2',
    },
  });
  await server.exited;
  other.close();
  expect(server.stderr()).toContain(told.replace('PORT', String(port)));
  expect(server.stderr()).not.toContain('    at ');
});

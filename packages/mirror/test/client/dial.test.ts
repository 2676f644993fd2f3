import { DomainError } from '@portolan/oci';
import { once } from 'node:events';
import { type AddressInfo, createServer } from 'node:net';
import { describe, expect, it, onTestFinished } from 'vitest';
import { createDial, type Dial } from '../../src/client/dial.ts';
import type { Resolve } from '../../src/client/egress-guard.ts';

/** Counts who comes. */
async function listen() {
  let connections = 0;
  const server = createServer((socket) => {
    connections++;
    socket.on('error', () => undefined).end('hello');
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  onTestFinished(() => void server.close());
  return { port: (server.address() as AddressInfo).port, connections: () => connections };
}

function resolvingTo(...answers: string[]): Resolve {
  return (_name, _options, callback) => {
    const address = answers.length > 1 ? answers.shift() : answers[0];
    callback(null, [{ address: address ?? '', family: 4 }]);
  };
}

async function codeOf(dialling: ReturnType<Dial>): Promise<string> {
  const error: unknown = await dialling.then(
    () => undefined,
    (reason: unknown) => reason,
  );
  return error instanceof DomainError ? error.code : String(error);
}

describe('a connection for somebody else', () => {
  it('goes to an address that is allowed, looked up once', async () => {
    const { port } = await listen();
    const resolve = resolvingTo('127.0.0.1', '192.0.2.1');
    const dial = createDial({ allowedNetworks: ['127.0.0.0/8'] }, resolve);
    const socket = await dial('listed.example', port);
    onTestFinished(() => void socket.destroy());
    const [bytes] = (await once(socket, 'data')) as [Buffer];
    expect(bytes.toString()).toBe('hello');
    // The end of one direction leaves the other open.
    await once(socket, 'end');
    expect(socket.writable).toBe(true);
  });

  it.each([
    '127.0.0.1',
    '[::1]',
    '[::ffff:127.0.0.1]',
    '10.0.0.1',
    '169.254.169.254',
    'private.example',
  ])('does not go to %s', async (host) => {
    const { port, connections } = await listen();
    const dial = createDial({ allowedNetworks: [] }, resolvingTo('127.0.0.1'));
    expect(await codeOf(dial(host, port))).toBe('egress-refused');
    expect(connections()).toBe(0);
  });

  it('fails in the words of the mirror where nobody listens', async () => {
    const dial = createDial({ allowedNetworks: ['127.0.0.0/8'] });
    expect(await codeOf(dial('127.0.0.1', 1))).toBe('upstream-unavailable');
  });
});

import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { askableAddress } from '../../src/connection/server-health.ts';
import { ListenAddress } from '../../src/config/listen-address.ts';
import { run, scratchDirectory, startServer } from '../serve/start-server.ts';

function askedOf(...texts: string[]): string | undefined {
  const listen = texts.map((text) => {
    const address = ListenAddress.parse(text);
    if ('problem' in address) throw new Error(address.problem);
    return address;
  });
  const address = askableAddress(listen);
  return address === undefined ? undefined : ListenAddress.format(address);
}

async function health(listen: string) {
  const command = run({ args: ['health'], env: { PORTOLAN_LISTEN: listen } });
  return { code: await command.exited, stdout: command.stdout(), stderr: command.stderr() };
}

describe('portolan health', () => {
  it.each([
    [['127.0.0.1:5000'], 'http://127.0.0.1:5000'],
    [['redirect://0.0.0.0:80', 'https://0.0.0.0:443'], 'https://0.0.0.0:443'],
    [['systemd:', '127.0.0.1:5000?proxy-protocol', 'unix:/run/p.sock'], 'unix:/run/p.sock'],
    [['systemd:', 'redirect://0.0.0.0:80'], undefined],
  ])('of a server on %o asks at %s', (listen, expected) => {
    expect(askedOf(...listen)).toBe(expected);
  });

  it('finds a server ready on TCP and on a unix socket', async () => {
    const directory = scratchDirectory();
    const socket = `unix:${join(directory, 'p.sock')}`;
    const server = await startServer({
      args: ['serve'],
      env: {
        PORTOLAN_DATA_DIR: join(directory, 'data'),
        PORTOLAN_LISTEN: `127.0.0.1:0,${socket}`,
        PORTOLAN_PUBLIC_URL: 'https://registry.test',
      },
    });
    for (const address of [server.address, socket]) {
      const answer = await health(address);
      expect(answer, answer.stderr).toMatchObject({ code: 0 });
      expect(answer.stdout).toContain('ready');
    }
    await server.stop();
    expect(await health(socket)).toMatchObject({
      code: 8,
      stderr: expect.stringContaining('no server answers at unix:'),
    });
  });

  it('says so where there is no address to ask at', async () => {
    const { code, stderr } = await health('systemd:');
    expect(code).toBe(2);
    expect(stderr).toContain('has no address to ask at');
  });
});

import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { askableAddresses } from '../../src/connection/server-health.ts';
import { ListenAddress } from '../../src/config/listen-address.ts';
import { run, scratchDirectory, startServer } from '../serve/start-server.ts';

function askedOf(...texts: string[]): string[] {
  const listen = texts.map((text) => {
    const address = ListenAddress.parse(text);
    if ('problem' in address) throw new Error(address.problem);
    return address;
  });
  return askableAddresses(listen).map(ListenAddress.format);
}

async function health(listen: string) {
  const command = run({ args: ['health'], env: { PORTOLAN_LISTEN: listen } });
  return { code: await command.exited, stdout: command.stdout(), stderr: command.stderr() };
}

describe('portolan health', () => {
  it.each([
    [['127.0.0.1:5000'], ['http://127.0.0.1:5000']],
    [['redirect://0.0.0.0:80', 'https://0.0.0.0:443'], ['https://0.0.0.0:443']],
    [['systemd:', '127.0.0.1:5000?proxy-protocol', 'unix:/run/p.sock'], ['unix:/run/p.sock']],
    [
      ['unix:/run/auth.sock', 'unix:/run/registry.sock', 'connect://[::]:3128'],
      ['unix:/run/auth.sock', 'unix:/run/registry.sock'],
    ],
    [['systemd:', 'redirect://0.0.0.0:80'], []],
  ])('of a server on %o asks at %o', (listen, expected) => {
    expect(askedOf(...listen)).toEqual(expected);
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
    const away = `unix:${join(directory, 'away.sock')}`;
    expect(await health(`${socket},${away}`), 'of two, one is away').toMatchObject({
      code: 8,
      stderr: expect.stringContaining(`no server answers at ${away}`),
    });
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

// The doctor beside a server with a `connect` listener: what it says while that works, of a registry that the
// authority may not stand for, and of a listener that is not there.
import { beforeAll, describe, expect, it } from 'vitest';
import { run, type RunningServer, scratchDirectory, startServer } from '../serve/start-server.ts';
import { findFreePort } from './crooked-proxy.ts';
import { runDoctor } from './run-doctor.ts';

describe('portolan doctor beside a connect listener', () => {
  let env: Record<string, string>;
  let server: RunningServer;

  async function must(line: string): Promise<void> {
    const command = run({ args: line.split(' '), env });
    expect(await command.exited, command.stderr()).toBe(0);
  }

  beforeAll(async () => {
    const [port, connectPort] = [await findFreePort(), await findFreePort()];
    env = {
      PORTOLAN_DATA_DIR: scratchDirectory(),
      PORTOLAN_LISTEN: `https://127.0.0.1:${port},connect://127.0.0.1:${connectPort}`,
      PORTOLAN_PUBLIC_URL: `https://localhost:${port}`,
    };
    await must('ca init --name localhost --impersonate docker.io --impersonate quay.io');
    await must('ca issue localhost docker-io.localhost quay-io.localhost ghcr-io.localhost');
    server = await startServer({ args: ['serve'], env });
    for (const host of ['docker.io', 'quay.io']) await must(`namespace create ${host}`);
  });

  it('finds that it connects to our own host, and has a certificate for each registry', async () => {
    const { found, troubles } = await runDoctor([], env);
    expect(found.get('connect')).toMatchObject({
      verdict: 'ok',
      summary: expect.stringMatching(/connects to localhost:\d+$/),
    });
    expect(troubles).toEqual([]);
  });

  it('is skipped without one', async () => {
    const [https = ''] = (env['PORTOLAN_LISTEN'] ?? '').split(',');
    const { found } = await runDoctor([], { ...env, PORTOLAN_LISTEN: https });
    expect(found.get('connect')).toMatchObject({ verdict: 'skipped' });
  });

  it.each(['systemd:proxy', '127.0.0.1:1?proxy-protocol'])(
    'does not ask connect://%s, which it cannot',
    async (place) => {
      const listen = (env['PORTOLAN_LISTEN'] ?? '').replace(/connect:.*/, `connect://${place}`);
      const { found } = await runDoctor([], { ...env, PORTOLAN_LISTEN: listen });
      expect(found.get('connect')).toMatchObject({ verdict: 'skipped' });
    },
  );

  it('takes it that halves answer our own name beside the listener', async () => {
    const other = { ...env, PORTOLAN_PUBLIC_URL: 'https://localhost:1' };
    expect((await runDoctor([], other)).found.get('connect')).toMatchObject({
      verdict: 'ok',
      summary: expect.stringContaining('answers 403'),
    });
  });

  it('has the command that makes an authority for a registry that lacks a certificate', async () => {
    await must('namespace create ghcr.io');
    const { found, troubles } = await runDoctor([], env);
    expect(troubles).toContain('warn connect');
    expect(found.get('connect')?.summary).toBe('there is no certificate for ghcr.io');
    const [, command = ''] = /`portolan (ca init [^`]+)`/.exec(
      found.get('connect')?.remedy ?? '',
    ) ?? [''];
    expect(command).toContain('--force-new');
    await must(command);
    await must('ca renew --force');
    expect((await runDoctor([], env)).found.get('connect')?.verdict).toBe('ok');
  });

  it('finds that nobody listens there', async () => {
    expect(await server.stop()).toBe(0);
    const { found, troubles } = await runDoctor([], env);
    expect(troubles).toContain('fail connect');
    expect(found.get('connect')?.summary).toContain('ECONNREFUSED');
  });
});

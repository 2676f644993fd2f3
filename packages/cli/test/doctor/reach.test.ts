// What the doctor says of servers that redirect from plain HTTP.
import { beforeAll, describe, expect, it } from 'vitest';
import { run, scratchDirectory, startServer } from '../serve/start-server.ts';
import { judgeRedirect } from '../../src/doctor/checks/reach.ts';
import { findFreePort } from './crooked-proxy.ts';
import { runDoctor } from './run-doctor.ts';

describe('portolan doctor, asked about the plain address of a server that redirects', () => {
  let env: Record<string, string>;
  let plainPort: number;
  let port: number;

  beforeAll(async () => {
    [port, plainPort] = [await findFreePort(), await findFreePort()];
    env = {
      PORTOLAN_DATA_DIR: scratchDirectory(),
      PORTOLAN_LISTEN: `https://127.0.0.1:${port},redirect://127.0.0.1:${plainPort}`,
      PORTOLAN_PUBLIC_URL: `https://localhost:${port}`,
    };
    for (const line of ['ca init --name localhost', 'ca issue localhost']) {
      const command = run({ args: line.split(' '), env });
      expect(await command.exited, command.stderr()).toBe(0);
    }
    await startServer({ args: ['serve'], env });
  });

  it('names the address to use, and nothing else', async () => {
    const elsewhere = { PORTOLAN_DATA_DIR: scratchDirectory() };
    const { found, troubles, stdout } = await runDoctor(
      ['--url', `http://localhost:${plainPort}`],
      elsewhere,
    );
    expect(troubles, stdout).toEqual(['fail token']);
    expect(found.get('token')?.remedy).toBe(`use https: --url https://localhost:${port}`);
  });
});

describe('a redirect from port 80', () => {
  const origin = 'https://docker-io.registry.test';

  it.each([
    [308, `${origin}/v2/`, 'ok', undefined],
    [301, `${origin}/v2/`, 'warn', 'after 301 and 302 clients send GET'],
    [308, 'https://registry.test/v2/', 'warn', 'of another repository'],
  ])('with %i to %s is %s', (status, to, verdict, meaning) => {
    const finding = judgeRedirect(origin, status, to);
    expect(finding.verdict).toBe(verdict);
    expect(finding.meaning ?? '').toContain(meaning ?? '');
  });
});

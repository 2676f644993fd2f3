// A server of its own with TLS and a built-in authority, and the doctor on the same machine.
import { chmodSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { beforeAll, describe, expect, it } from 'vitest';
import { run, scratchDirectory, startServer } from '../serve/start-server.ts';
import { findFreePort } from './crooked-proxy.ts';
import { runDoctor } from './run-doctor.ts';

describe('portolan doctor beside a server with TLS', () => {
  const dataDir = join(scratchDirectory(), 'data');
  let env: Record<string, string>;

  async function must(...args: string[]): Promise<void> {
    const command = run({ args, env });
    expect(await command.exited, command.stderr()).toBe(0);
  }

  beforeAll(async () => {
    const port = await findFreePort();
    env = {
      PORTOLAN_DATA_DIR: dataDir,
      PORTOLAN_LISTEN: `https://127.0.0.1:${port}`,
      PORTOLAN_PUBLIC_URL: `https://localhost:${port}`,
    };
    await must('ca', 'init', '--name', 'localhost');
    await must('ca', 'issue', 'localhost', 'quay-io.localhost');
    await startServer({ args: ['serve'], env });
    await must('namespace', 'create', 'quay.io', '--visibility', 'public');
  });

  it('finds nothing wrong', async () => {
    const diagnosis = await runDoctor([], env);
    expect(diagnosis.troubles, diagnosis.stdout).toEqual([]);
    expect(diagnosis.code).toBe(0);
    const judged = [
      'tls',
      'virtual-host-tls',
      'certificates',
      'host',
      'token',
      'push',
      'database',
      'running',
    ];
    for (const name of judged) expect(diagnosis.found.get(name)?.verdict, name).toBe('ok');
  });

  it('finds nothing wrong in halves that share the address', async () => {
    const half = { ...env, PORTOLAN_REGISTRY_JWKS: join(dataDir, 'jwks.json') };
    const { found } = await runDoctor([], half);
    expect(found.get('settings')?.verdict).toBe('ok');
    expect(found.get('push')?.verdict).toBe('skipped');
  });

  it('says that a machine does not trust the authority', async () => {
    const elsewhere = { PORTOLAN_DATA_DIR: join(scratchDirectory(), 'none') };
    const url = env['PORTOLAN_PUBLIC_URL'] ?? '';
    const { found, troubles } = await runDoctor(['--url', url], elsewhere);
    expect(troubles).toEqual(['fail tls']);
    expect(found.get('tls')?.meaning).toContain('certificate signed by unknown authority');
    expect(found.get('token')?.summary).toBe('without tls it means nothing');
    const ca = join(dataDir, 'ca', 'ca.crt');
    expect((await runDoctor(['--url', url, '--ca', ca], elsewhere)).troubles).toEqual([]);
  });

  it('leaves the data of another server alone', async () => {
    const other = {
      PORTOLAN_DATA_DIR: join(scratchDirectory(), 'old'),
      PORTOLAN_LISTEN: '127.0.0.1:1',
    };
    await startServer({ args: ['serve'], env: { ...other, PORTOLAN_LISTEN: '127.0.0.1:0' } });
    const url = env['PORTOLAN_PUBLIC_URL'] ?? '';
    const ca = join(dataDir, 'ca', 'ca.crt');
    const { found, troubles, code } = await runDoctor(['--url', url, '--ca', ca], other);
    expect({ troubles, code }).toEqual({ troubles: [], code: 0 });
    const { host } = new URL(url);
    for (const name of ['settings', 'database', 'running', 'mirror-runs']) {
      expect(found.get(name)).toMatchObject({
        verdict: 'skipped',
        summary: `the settings here are of another server, http://localhost:1: for this, run it on the machine of ${host}`,
      });
    }
    expect(found.get('tls')?.verdict).toBe('ok');
  });

  it.each(['', 'quay-io.'])('looks at its own data by another of its names: %s', async (label) => {
    const url = (env['PORTOLAN_PUBLIC_URL'] ?? '').replace('//', `//${label}`);
    const { found } = await runDoctor(['--url', url], env);
    expect(found.get('database')?.verdict).toBe('ok');
  });

  it('names a setting that is wrong, and goes on with what there is', async () => {
    const { code, found } = await runDoctor([], { ...env, PORTOLAN_PUBIC_URL: 'x' });
    expect(code).toBe(1);
    expect(found.get('settings')).toMatchObject({
      verdict: 'fail',
      summary: expect.stringContaining('Did you mean PORTOLAN_PUBLIC_URL?'),
    });
  });

  it.each<[string, Record<string, string>, string]>([
    [
      'a proxy list with everybody in it',
      { PORTOLAN_TRUSTED_PROXIES: '0.0.0.0/0' },
      'fail unsafe-settings',
    ],
    [
      'a mirror that goes everywhere',
      { PORTOLAN_MIRROR_ALLOWED_NETWORKS: '::/0' },
      'warn unsafe-settings',
    ],
    ['metrics for everybody', { PORTOLAN_METRICS_LISTEN: '0.0.0.0:9100' }, 'warn unsafe-settings'],
    ['a disk that is too full', { PORTOLAN_STORAGE_DISK_FLOOR: '900TiB' }, 'fail free-space'],
    [
      'a public_url without TLS',
      { PORTOLAN_PUBLIC_URL: 'http://registry.invalid' },
      'fail unsafe-settings',
    ],
    ['a name that nobody knows', { PORTOLAN_PUBLIC_URL: 'https://registry.invalid' }, 'fail dns'],
    ['a port that is closed', { PORTOLAN_PUBLIC_URL: 'https://localhost:1' }, 'fail tcp'],
    [
      'an address that nobody listens at',
      { PORTOLAN_LISTEN: 'https://127.0.0.1:1' },
      'fail running',
    ],
    [
      'public repositories behind a login',
      { PORTOLAN_POLICY_ANONYMOUS: 'false' },
      'fail anonymous',
    ],
  ])('finds %s', async (_, more, trouble) => {
    expect((await runDoctor([], { ...env, ...more })).troubles).toContain(trouble);
  });

  it('finds files that others can read', async () => {
    const key = join(dataDir, 'keys', 'exposed.pem');
    writeFileSync(key, '');
    chmodSync(key, 0o644);
    chmodSync(join(dataDir, 'admin-password'), 0o644);
    chmodSync(dataDir, 0o755);
    const { troubles, found } = await runDoctor([], env);
    expect(troubles).toEqual(expect.arrayContaining(['warn data-directory', 'fail keys']));
    expect(found.get('keys')?.remedy).toContain(`chmod 600 ${key}`);
    expect(found.get('first-password')?.verdict).toBe('fail');
  });

  it('wants to know where the server is', async () => {
    const nowhere = {
      PORTOLAN_DATA_DIR: join(scratchDirectory(), 'none'),
      PORTOLAN_LISTEN: '127.0.0.1:1',
    };
    expect((await runDoctor([], nowhere)).troubles).toEqual(
      expect.arrayContaining(['fail data-directory', 'fail running', 'fail tcp']),
    );
  });

  it('has nothing against a data directory before the first start', async () => {
    const fresh = {
      PORTOLAN_DATA_DIR: join(scratchDirectory(), 'fresh'),
      PORTOLAN_LISTEN: '127.0.0.1:1',
    };
    const init = run({ args: ['ca', 'init', '--name', 'localhost'], env: fresh });
    expect(await init.exited, init.stderr()).toBe(0);
    const { found, troubles } = await runDoctor([], fresh);
    for (const name of ['file-system', 'disk-speed', 'database', 'keys']) {
      expect(found.get(name)?.verdict, `${name}: ${found.get(name)?.summary}`).toBe('skipped');
    }
    expect(troubles).toEqual(['fail running', 'fail tcp']);
  });
});

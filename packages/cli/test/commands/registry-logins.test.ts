// Logins in places that are closed to the user of the command, as those of root are to the user of a service.
// The command runs as `nobody` where the tests are root's.
import { spawnSync } from 'node:child_process';
import { chmodSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir, userInfo } from 'node:os';
import { join, resolve } from 'node:path';
import { describe, expect, it, onTestFinished } from 'vitest';

const MAIN = resolve(import.meta.dirname, '../../src/main.ts');
const NOBODY = 65_534;
const CHECK = 'client check quay.io/coreos/etcd:v3.1 --registry http://127.0.0.1:1 --engine podman';

function check(variables: (closed: string) => Readonly<Record<string, string>>): string {
  const closed = mkdtempSync(join(tmpdir(), 'portolan-closed-'));
  chmodSync(closed, 0o000);
  onTestFinished(() => rmSync(closed, { recursive: true }));
  const { stderr, error } = spawnSync(process.execPath, [MAIN, ...CHECK.split(' ')], {
    cwd: '/',
    encoding: 'utf8',
    env: variables(closed),
    ...(userInfo().uid === 0 ? { uid: NOBODY, gid: NOBODY } : {}),
  });
  if (error !== undefined) throw error;
  return stderr.replaceAll(closed, 'CLOSED');
}

describe('logins in a place that is closed', () => {
  it.each(['XDG_RUNTIME_DIR', 'XDG_CONFIG_HOME', 'DOCKER_CONFIG', 'HOME'])(
    'are none where the place is a default one below %s',
    (variable) => {
      const said = check((closed) => ({ [variable]: closed }));
      expect(said).toContain('not every engine would get the image');
      expect(said).not.toContain('CLOSED');
    },
  );

  it('are an error where somebody has named the file', () => {
    const said = check((closed) => ({ REGISTRY_AUTH_FILE: join(closed, 'auth.json') }));
    expect(said).toContain('cannot read CLOSED/auth.json');
  });
});

// Logins in places that are closed to the user of the command, as those of root are to the user of a service.
import { chmodSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, it, onTestFinished } from 'vitest';
import { runUnprivileged, skipWhereUnreachable } from '../unprivileged-run.ts';

const CHECK = 'client check quay.io/coreos/etcd:v3.1 --registry http://127.0.0.1:1 --engine podman';

function check(variables: (closed: string) => Readonly<Record<string, string>>): string {
  const closed = mkdtempSync(join(tmpdir(), 'portolan-closed-'));
  chmodSync(closed, 0o000);
  onTestFinished(() => rmSync(closed, { recursive: true }));
  const said = runUnprivileged(CHECK, { cwd: '/', env: variables(closed) });
  return said.replaceAll(closed, 'CLOSED');
}

describe('logins in a place that is closed', () => {
  skipWhereUnreachable();

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

// deploy/demo/one-box.sh, as a person runs it: from certificates to `docker run` on the other side of an air
// gap, with nothing left behind.
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { describeWith } from '../support/debian-package.ts';
import { runCommand } from '../support/run-command.ts';
import { WORLD_NEEDS } from './world.ts';

const SCRIPT = join(import.meta.dirname, '../../deploy/demo/one-box.sh');
const WORK = '/tmp/portolan-one-box';
const WITHIN_MS = 180_000;

const PACKAGES = [...WORLD_NEEDS, 'docker.io', 'skopeo'] as const;

describeWith({ packages: PACKAGES, root: true }, 'one-box.sh', () => {
  test(
    'tells the whole story, in three minutes',
    async () => {
      const { code, output } = await runCommand(SCRIPT, [], { timeoutMs: WITHIN_MS });
      expect(code, output).toBe(0);
      for (const line of [
        'node# docker pull quay.io/coreos/etcd:v3.1',
        'This is quay.io/coreos/etcd:v3.1',
        'The same image, by the same name, without a connection to quay.io',
      ]) {
        expect(output).toContain(line);
      }
      expect(existsSync(WORK)).toBe(false);
    },
    WITHIN_MS + 10_000,
  );

  test('says what it needs when it may not do it, and leaves nothing', async () => {
    const args = ['--reuid=65534', '--clear-groups', SCRIPT];
    const { code, output } = await runCommand('/usr/bin/setpriv', args);
    expect(code).toBe(1);
    expect(output).toContain('must be run as root');
    expect(existsSync(WORK)).toBe(false);
  });
});

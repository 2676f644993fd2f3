// deploy/demo/one-box.sh, as a person runs it: from certificates to `docker run` on the other side of an air
// gap, with nothing left behind, whatever the machine tells its engines.
import { chmodSync, cpSync, existsSync, mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, onTestFinished, test } from 'vitest';
import { describeWith } from '../support/debian-package.ts';
import { runCommand } from '../support/run-command.ts';
import { createScratchDirectory } from '../support/scratch-directory.ts';
import { WORLD_NEEDS } from './world.ts';

const SCRIPT = join(import.meta.dirname, '../../deploy/demo/one-box.sh');
const WORK = '/tmp/portolan-one-box';
const WITHIN_MS = 180_000;

const PACKAGES = [...WORLD_NEEDS, 'docker.io', 'skopeo'] as const;

/** For the script alone: a directory in place of one of the machine's. */
const PLACED = 'mount --bind "$1" /etc/containers && mount --bind "$2" /etc/docker && exec "$3"';

/** What `portolan client config` writes for podman and docker, on the way to a registry that is gone. */
async function withEngineSettings() {
  const scratch = await createScratchDirectory('settings');
  const [containers, docker] = [join(scratch.path, 'containers'), join(scratch.path, 'docker')];
  mkdirSync(join(containers, 'registries.conf.d'), { recursive: true });
  mkdirSync(docker);
  const mirror =
    '[[registry]]\nlocation = "quay.io"\n[[registry.mirror]]\nlocation = "127.0.0.1:1"\n';
  const blocked = '[[registry]]\nlocation = "registry.lan"\nblocked = true\n';
  writeFileSync(join(containers, 'registries.conf.d', '50-portolan.conf'), mirror + blocked);
  writeFileSync(join(containers, 'policy.json'), '{"default":[{"type":"reject"}]}');
  const daemon = { proxies: { 'https-proxy': 'http://127.0.0.1:1' } };
  writeFileSync(join(docker, 'daemon.json'), JSON.stringify(daemon));
  return { containers, docker, remove: () => scratch.remove() };
}

describeWith({ packages: PACKAGES, root: true }, 'one-box.sh', () => {
  test(
    'tells the whole story, in three minutes',
    async () => {
      const { containers, docker, remove } = await withEngineSettings();
      onTestFinished(remove);
      const args = ['--mount', 'sh', '-c', PLACED, 'sh', containers, docker, SCRIPT];
      const run = await runCommand('/usr/bin/unshare', args, { timeoutMs: WITHIN_MS });
      const { code, output } = run;
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
    const scratch = await createScratchDirectory('script');
    onTestFinished(() => scratch.remove());
    // Where that user may read it, wherever the checkout is.
    const script = join(scratch.path, 'one-box.sh');
    cpSync(SCRIPT, script);
    chmodSync(scratch.path, 0o755);
    const args = ['--reuid=65534', '--clear-groups', script];
    const { code, output } = await runCommand('/usr/bin/setpriv', args);
    expect(code).toBe(1);
    expect(output).toContain('must be run as root');
    expect(existsSync(WORK)).toBe(false);
  });
});

// What is wider than a terminal, on a real one: util-linux's `script` makes a pty, as ssh and tmux do.
import { join, resolve } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { runCommand } from './support/run-command.ts';
import { createScratchDirectory, type ScratchDirectory } from './support/scratch-directory.ts';
import { type Portolan, startPortolan } from './support/start-portolan.ts';

const MAIN = resolve(import.meta.dirname, '../packages/cli/src/main.ts');

describe('on a terminal', () => {
  let portolan: Portolan;
  let scratch: ScratchDirectory;

  beforeAll(async () => {
    scratch = await createScratchDirectory('pty');
    portolan = await startPortolan({ workers: 1 });
  });

  afterAll(async () => {
    await portolan?.stop();
    await scratch?.remove();
  });

  async function onTerminal(width: number, line: string): Promise<readonly string[]> {
    const command = `stty cols ${width} && exec ${process.execPath} ${MAIN} ${line}`;
    const env = { HOME: scratch.path, PORTOLAN_DATA_DIR: join(scratch.path, 'none') };
    const { stdout } = await runCommand('/usr/bin/script', ['-qec', command, '/dev/null'], { env });
    return stdout.split('\n').map((text) => text.trimEnd());
  }

  const check = () => `client check quay.io/coreos/etcd:v3.1 --registry ${portolan.url}`;

  test('`client check` fits 120 columns, with a block for each engine', async () => {
    const lines = await onTerminal(120, check());
    expect(lines).toEqual(expect.arrayContaining(['containerd', 'docker', 'podman', 'k3s']));
    expect(Math.max(...lines.map((line) => line.length))).toBeLessThanOrEqual(120);
  });

  test('`client check` is a table where that fits', async () => {
    const [first] = await onTerminal(300, check());
    expect(first).toMatch(/^ENGINE +SHAPE +REQUEST/);
  });

  test('`doctor` tells once that there is no data directory', async () => {
    const text = (await onTerminal(120, `doctor --url ${portolan.url}`)).join('\n');
    expect(text.match(/there is no data directory here/g)).toHaveLength(1);
    expect(text).toMatch(
      /^- skipped \d+ checks: there is no data directory here \(settings, [a-z, \n-]+\)$/m,
    );
    expect(text).toMatch(/^ {2}✔ tcp/m);
  });
});

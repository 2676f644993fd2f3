// One proxy with the file that is shipped for it, in front of the two halves.
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { type Daemon, startDaemon } from '../support/daemon.ts';
import { type DebianPackage, describeWith } from '../support/debian-package.ts';
import { type OneBox, startOneBox } from './one-box.ts';

/** How it is called once its file is in place. */
export interface ProxyCommand {
  readonly file: string;
  readonly args: readonly string[];
  /** Lets it check its own file. */
  readonly check: readonly string[];
  readonly env?: Readonly<Record<string, string>>;
}

export interface ProxyUnderTest {
  readonly title: string;
  readonly packages: readonly DebianPackage[];
  /** The group of its user, in Debian. */
  readonly group: string;
  /** Copies the shipped file, with the paths of the test and less time for headers. */
  prepare(box: OneBox): Promise<ProxyCommand>;
  /** What is asked of it. */
  readonly tests: readonly ((box: () => OneBox) => void)[];
}

async function isAnswering({ client }: OneBox): Promise<boolean> {
  try {
    return (await client.send({ host: 'registry.lan', path: '/livez' })).status === 200;
  } catch {
    return false;
  }
}

export function describeProxy(proxy: ProxyUnderTest): void {
  const packages = [...proxy.packages, 'iproute2', 'skopeo'] as const;
  describeWith({ packages, root: true }, proxy.title, () => {
    let box: OneBox;
    let command: ProxyCommand;
    let daemon: Daemon;

    beforeAll(async () => {
      box = await startOneBox(proxy.group);
      command = await proxy.prepare(box);
      daemon = await startDaemon({
        ...box.network.inside(command.file, command.args),
        env: command.env ?? {},
        logFile: join(box.directory, 'proxy.log'),
        isReady: () => isAnswering(box),
      });
    });

    afterAll(async () => {
      await daemon?.stop();
      await box?.stop();
    });

    test('finds no mistake in the file', async () => {
      const { file, check, env = {} } = command;
      const { code, output } = await box.network.runCommand(file, check, { env });
      expect(output).not.toMatch(/\[(warn(ing)?|alert|emerg)\]|not formatted/i);
      expect(code, output).toBe(0);
    });

    for (const tests of proxy.tests) tests(() => box);
  });
}

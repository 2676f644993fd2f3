// A machine as a document means it: a shell where `portolan` is a command, with a data directory, a
// registry that runs, and no registry in the world but those of the test.
import { chmod, mkdir, writeFile } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import { type CommandResult, runCommand } from '../support/run-command.ts';
import { type Mirror, LOOPBACK, startMirror } from '../mirror/world.ts';

const MAIN = resolve(import.meta.dirname, '../../packages/cli/src/main.ts');

export interface Machine {
  readonly mirror: Mirror;
  /** Stops at the first command that fails. */
  sh(script: string): Promise<CommandResult>;
  stop(): Promise<void>;
}

/** `directory` is where its commands are run. */
export async function startMachine(directory: string): Promise<Machine> {
  const programs = join(directory, 'bin');
  await mkdir(programs, { recursive: true });
  const program = join(programs, 'portolan');
  await writeFile(program, `#!/bin/sh\nexec ${process.execPath} ${MAIN} "$@"\n`);
  await chmod(program, 0o755);
  const mirror = await startMirror();
  const env = {
    ...LOOPBACK,
    PATH: `${programs}:/usr/sbin:/usr/bin:/sbin:/bin`,
    HOME: directory,
    PORTOLAN_DATA_DIR: mirror.portolan.dataDir,
    PASSWORD: mirror.portolan.adminPassword,
  };
  return {
    mirror,
    sh: (script) =>
      runCommand('/bin/bash', ['--norc', '-euo', 'pipefail', '-c', script], {
        env,
        cwd: directory,
      }),
    stop: async () => {
      await mirror.portolan.stop();
    },
  };
}

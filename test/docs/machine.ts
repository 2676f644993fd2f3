// A machine as a document means it: a shell where `portolan` is a command, with a data directory, a
// registry that runs, and no registry in the world but those of the test.
import { chmod, mkdir, writeFile } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import { type CommandResult, runCommand, words } from '../support/run-command.ts';
import { type Portolan, startPortolan } from '../support/start-portolan.ts';
import { type Mirror, LOOPBACK, startMirror } from '../mirror/world.ts';

const MAIN = resolve(import.meta.dirname, '../../packages/cli/src/main.ts');

export interface Machine {
  readonly mirror: Mirror;
  /** Stops at the first command that fails. */
  sh(script: string): Promise<CommandResult>;
  /** `portolan serve …`, beside the machine's own registry; until `stop`. */
  serve(line: string): Promise<Portolan>;
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
  const served: Portolan[] = [];
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
    async serve(line) {
      const [called, ...command] = words(line.trim());
      if (called !== 'portolan') throw new Error(`no server of ours: ${line}`);
      const server = await startPortolan({ command, env: LOOPBACK });
      served.push(server);
      return server;
    },
    stop: async () => {
      for (const server of served) await server.stop();
      await mirror.portolan.stop();
    },
  };
}

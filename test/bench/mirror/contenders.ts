// Two programs that copy a repository: `skopeo sync` into Debian's docker-registry, and
// `portolan mirror sync` into a data directory of its own.
import { execFileSync, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdirSync } from 'node:fs';
import path from 'node:path';
import { dockerRegistry } from '../docker-registry.ts';
import { portolan } from '../portolan.ts';
import { peakMemory } from '../process-memory.ts';
import type { Column } from '../table.ts';
import { REPOSITORY } from './fill.ts';

export interface Sync {
  readonly seconds: number;
  readonly peakBytes: number;
}

export interface Copying {
  /** Copies what has changed, in a process of its own. */
  sync(): Promise<Sync>;
  stop(): Promise<void>;
}

export interface MirrorContender extends Column {
  /** `upstream` is `127.0.0.1:port`, plain HTTP. */
  prepare(directory: string, upstream: string): Promise<Copying>;
}

interface Command {
  readonly file: string;
  readonly args: readonly string[];
  readonly env: Readonly<Record<string, string>>;
}

const MAIN = path.resolve(import.meta.dirname, '../../../packages/cli/src/main.ts');

async function measure({ file, args, env }: Command): Promise<Sync> {
  const startedAt = performance.now();
  const child = spawn(file, args, {
    env: { PATH: process.env['PATH'], ...env },
    stdio: ['ignore', 'ignore', 'pipe'],
  });
  let said = '';
  child.stderr
    .setEncoding('utf8')
    .on('data', (text: string) => (said = (said + text).slice(-4000)));
  const exited = once(child, 'close');
  const peakBytes = await peakMemory(child.pid ?? 0, () => exited);
  const seconds = (performance.now() - startedAt) / 1000;
  const [code] = (await exited) as [number | null];
  if (code !== 0) throw new Error(`${file} ${args.join(' ')} ended with ${code}:\n${said}`);
  return { seconds, peakBytes };
}

export function skopeoSync(): MirrorContender {
  const file = 'skopeo';
  const version = execFileSync(file, ['--version'], { encoding: 'utf8' }).split(/\s+/)[2] ?? '';
  return {
    name: 'skopeo sync',
    version,
    async prepare(directory, upstream) {
      const target = await dockerRegistry().start(directory);
      const plain = ['--src-tls-verify=false', '--dest-tls-verify=false'];
      const from = ['--src', 'docker', `${upstream}/${REPOSITORY}`];
      const to = ['--dest', 'docker', `${new URL(target.url).host}/mirror`];
      const args = ['sync', '--all', ...plain, ...from.slice(0, 2), ...to.slice(0, 2)];
      return {
        sync: () =>
          measure({ file, args: [...args, from[2] ?? '', to[2] ?? ''], env: { HOME: directory } }),
        stop: () => target.stop(),
      };
    },
  };
}

export function mirrorSync(): MirrorContender {
  return {
    name: 'portolan mirror sync',
    version: 'this tree',
    async prepare(directory, upstream) {
      const data = path.join(directory, 'data');
      mkdirSync(data);
      // The first start makes the data directory; syncing needs no server.
      await (await portolan().start(data)).stop();
      const env = { PORTOLAN_DATA_DIR: data, PORTOLAN_MIRROR_ALLOWED_NETWORKS: '127.0.0.0/8' };
      const command = (...args: string[]) =>
        measure({ file: process.execPath, args: [MAIN, ...args], env });
      const name = 'upstream.example';
      await command('upstream', 'set', name, '--endpoint', `http://${upstream}`);
      await command('mirror', 'add', `${name}/${REPOSITORY}`);
      return { sync: () => command('mirror', 'sync'), stop: async () => undefined };
    },
  };
}

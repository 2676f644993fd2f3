// Debian's docker-registry (distribution 2.8): no tokens, delete enabled, its own defaults otherwise.
import { execFileSync, spawn } from 'node:child_process';
import { writeFileSync } from 'node:fs';
import path from 'node:path';
import { freePort } from './free-port.ts';
import { type Contender, endProcess, type Server, waitForAnswer } from './server.ts';

export const PROGRAM = 'docker-registry';

function configuration(directory: string, port: number): string {
  return [
    'version: 0.1',
    'log: { level: error, accesslog: { disabled: true } }',
    `storage: { filesystem: { rootdirectory: ${directory} }, delete: { enabled: true } }`,
    `http: { addr: "127.0.0.1:${port}" }`,
  ].join('\n');
}

async function start(directory: string): Promise<Server> {
  const port = await freePort();
  const file = path.join(directory, '..', `docker-registry-${port}.yml`);
  writeFileSync(file, configuration(directory, port));
  const url = `http://127.0.0.1:${port}`;
  const startedAt = performance.now();
  const child = spawn(PROGRAM, ['serve', file], { stdio: 'ignore' });
  const startMs = await waitForAnswer(url, startedAt);
  return {
    name: PROGRAM,
    url,
    pid: child.pid ?? 0,
    startMs,
    directory,
    headers: async () => ({}),
    stop: () => endProcess(child),
  };
}

export function dockerRegistry(): Contender {
  const version = execFileSync(PROGRAM, ['--version'], { encoding: 'utf8' }).split(/\s+/)[2] ?? '';
  return { name: PROGRAM, version, start };
}

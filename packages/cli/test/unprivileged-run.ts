// The real program as a user that may be shut out: `nobody` where the tests are root's, else whoever runs them.
import { spawnSync } from 'node:child_process';
import { resolve } from 'node:path';
import { userInfo } from 'node:os';
import { beforeEach } from 'vitest';

const MAIN = resolve(import.meta.dirname, '../src/main.ts');
const NOBODY = 65_534;

export const IS_ROOT = userInfo().uid === 0;
const USER = IS_ROOT ? { uid: NOBODY, gid: NOBODY } : {};

/** As messages name that user. */
export const WHO = IS_ROOT
  ? `nobody (uid ${NOBODY})`
  : `${userInfo().username} (uid ${userInfo().uid})`;

export interface UnprivilegedRun {
  readonly cwd: string;
  readonly env: Readonly<Record<string, string>>;
}

/** What it says on standard error. `line` is split at spaces. */
export function runUnprivileged(line: string, { cwd, env }: UnprivilegedRun): string {
  const command = [MAIN, ...line.split(' ')];
  const { stderr, error } = spawnSync(process.execPath, command, {
    cwd,
    encoding: 'utf8',
    env,
    ...USER,
  });
  if (error !== undefined) throw error;
  return stderr;
}

/** A checkout below root's home, say, is closed to `nobody`: then the tests of the suite are skipped. */
export function skipWhereUnreachable(): void {
  const { status } = spawnSync(process.execPath, [MAIN, '--version'], { cwd: '/', ...USER });
  beforeEach(({ skip }) => {
    if (status !== 0) skip('the checkout is in a place that is closed to the user nobody');
  });
}

// What the operating system lets this process not do, in words: which place stands in the way, who the
// process runs as, and what to do. Whoever types a command may be somebody else than its process, as root is
// beside a service.
import { accessSync, constants, statSync } from 'node:fs';
import { userInfo } from 'node:os';
import { dirname, resolve } from 'node:path';

/** A user of the operating system. */
export interface SystemUser {
  /** A container may run under a number that no user has. */
  readonly name: string | undefined;
  readonly uid: number | undefined;
}

/** Whom the process runs as. */
export function systemUser(): SystemUser {
  const uid = process.getuid?.();
  try {
    return { name: userInfo().username, uid };
  } catch {
    return { name: undefined, uid };
  }
}

type Right = 'enter' | 'read' | 'write to';

interface Obstacle {
  readonly path: string;
  readonly right: Right;
}

const ROOT_UID = 0;
const REFUSALS: ReadonlySet<string | undefined> = new Set(['EACCES', 'EPERM']);
/** What these do is done to the directory, whatever the file's own rights are. */
const OF_DIRECTORY: ReadonlySet<string | undefined> = new Set([
  'mkdir',
  'rename',
  'rmdir',
  'unlink',
  'link',
  'symlink',
]);

function describeUser({ name, uid }: SystemUser): string {
  if (name === undefined) return uid === undefined ? 'this user' : `uid ${uid}`;
  return uid === undefined ? name : `${name} (uid ${uid})`;
}

/** From `/` down, without the path itself. */
function directoriesAbove(path: string): string[] {
  const parent = dirname(path);
  return parent === path ? [] : [...directoriesAbove(parent), parent];
}

function allows(path: string, mode: number): boolean {
  try {
    accessSync(path, mode);
    return true;
  } catch {
    return false;
  }
}

/** Undefined when all of it is allowed, as far as can be seen. */
function findObstacle(path: string, syscall: string | undefined): Obstacle | undefined {
  const above = directoriesAbove(path);
  const there = above.filter((directory) => allows(directory, constants.F_OK));
  const closed = there.find((directory) => !allows(directory, constants.X_OK));
  if (closed !== undefined) return { path: closed, right: 'enter' };
  const isThere = allows(path, constants.F_OK);
  const target = isThere && !OF_DIRECTORY.has(syscall) ? path : (there.at(-1) ?? path);
  if (target === path && !allows(path, constants.R_OK)) return { path, right: 'read' };
  return allows(target, constants.W_OK) ? undefined : { path: target, right: 'write to' };
}

const WAYS_OUT: Readonly<Record<Right, string>> = {
  enter: 'let it in there, or name a place that it may enter',
  read: 'let it read that, or name a copy that it may read',
  'write to': 'give it that place, or name another one',
};

function ownerOf(path: string): number | undefined {
  try {
    return statSync(path).uid;
  } catch {
    return undefined;
  }
}

/** Nobody is told to become who they are, nor to run a service's command as root. */
function wayOut({ path, right }: Obstacle, { uid }: SystemUser): string {
  const owner = ownerOf(path);
  if (owner === uid) return `It is that user's own: see its permissions with \`ls -ld ${path}\`.`;
  const other =
    owner === undefined || owner === ROOT_UID ? '' : `, or run as its owner, uid ${owner}`;
  return `Either ${WAYS_OUT[right]}${other}.`;
}

/** A line for what is in the way, and one for what to do; undefined for a failure of another kind. */
export function explainRefusal(
  error: unknown,
  user: SystemUser = systemUser(),
): { readonly path: string; readonly hint: string } | undefined {
  const { code, path: named, syscall } = (error ?? {}) as NodeJS.ErrnoException;
  if (!REFUSALS.has(code) || typeof named !== 'string') return undefined;
  const path = resolve(named);
  const obstacle = findObstacle(path, syscall);
  if (obstacle === undefined) {
    return { path, hint: `${describeUser(user)} may not do that: it takes the owner's rights.` };
  }
  const refused = `${describeUser(user)} may not ${obstacle.right} ${obstacle.path}.`;
  return { path, hint: `${refused}\n${wayOut(obstacle, user)}` };
}

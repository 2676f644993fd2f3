// The file of a Unix socket: removed when a dead server left it, opened to the group when it is made.
import { chmod, lstat, unlink } from 'node:fs/promises';
import { connect } from 'node:net';
import { CommandFailure } from '../terminal/explain-failure.ts';

const MODE = 0o660;

function isAnswered(path: string): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connect(path);
    socket.once('connect', () => {
      socket.destroy();
      resolve(true);
    });
    socket.once('error', () => resolve(false));
  });
}

/** @throws CommandFailure when a server listens there, or when it is no socket */
export async function removeStaleSocket(path: string): Promise<void> {
  const stats = await lstat(path).catch(() => undefined);
  if (stats === undefined) return;
  if (!stats.isSocket()) {
    throw new CommandFailure(
      `${path} exists and is no socket\n  Choose another path with PORTOLAN_LISTEN, or move that file away.`,
    );
  }
  if (await isAnswered(path)) {
    throw new CommandFailure(
      `a server already listens on ${path}\n  Stop it, or choose another path with PORTOLAN_LISTEN.`,
    );
  }
  await unlink(path);
}

/** A proxy of the same group may connect, nobody else. */
export async function openToGroup(path: string): Promise<void> {
  await chmod(path, MODE);
}

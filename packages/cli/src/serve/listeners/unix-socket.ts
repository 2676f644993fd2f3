// The file of a Unix socket: removed when a dead server left it, opened to whom it is for when it is made.
import { execFile } from 'node:child_process';
import { chmod, lstat, unlink } from 'node:fs/promises';
import { connect } from 'node:net';
import { promisify } from 'node:util';
import type { ListenAddress } from '../../config/listen-address.ts';
import { EXIT } from '../../terminal/exit-codes.ts';
import { CommandFailure } from '../../terminal/explain-failure.ts';

type UnixAddress = Extract<ListenAddress, { kind: 'unix' }>;

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
    const hint = 'Choose another path with PORTOLAN_LISTEN, or move that file away.';
    throw new CommandFailure(`${path} exists and is no socket`, EXIT.failed, { hint });
  }
  if (await isAnswered(path)) {
    const hint = 'Stop it, or choose another path with PORTOLAN_LISTEN.';
    throw new CommandFailure(`a server already listens on ${path}`, EXIT.failed, { hint });
  }
  await unlink(path);
}

/** A proxy of the same group may connect, nobody else, unless the options say otherwise. */
export async function openSocketFile({ path, mode = MODE, owner }: UnixAddress): Promise<void> {
  if (owner !== undefined) {
    // It knows the names of every name service of the machine.
    await promisify(execFile)('chown', ['--', owner, path]).catch((error: { stderr?: string }) => {
      const hint = (error.stderr ?? '').trim();
      throw new CommandFailure(`cannot give ${path} to ${owner}`, EXIT.failed, { hint });
    });
  }
  await chmod(path, mode);
}

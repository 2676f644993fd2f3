// Ends a child process and removes its files when the test process is gone, in whatever way: vitest
// kills its workers, and then no handler of ours runs. The watch is a shell that reads a pipe from us;
// the pipe ends with this process.
import { spawn } from 'node:child_process';

export interface DeathWatch {
  /** The child has ended by itself: its pid may soon be somebody else's. */
  readonly forgetProcess: () => void;
  /** Nothing is left to watch; the files go. */
  readonly end: () => void;
}

const SCRIPT = `
  alive=yes
  while read -r word; do alive=no; done
  if [ $alive = yes ]; then kill -9 "$0"; sleep 1; fi
  rm -rf -- "$1"
`;

export function watchOver(pid: number, scratchDirectory: string): DeathWatch {
  // Of its own process group, so that Ctrl-C in a terminal does not reach it.
  const shell = spawn('/bin/sh', ['-c', SCRIPT, String(pid), scratchDirectory], {
    detached: true,
    stdio: ['pipe', 'ignore', 'ignore'],
  });
  shell.unref();
  shell.stdin.on('error', () => undefined);
  return {
    forgetProcess: () => void shell.stdin.write('exited\n'),
    end: () => void shell.stdin.end(),
  };
}

// The processes of a server: its primary and its workers, read from /proc.
import { readFile } from 'node:fs/promises';

export async function childrenOf(pid: number): Promise<number[]> {
  const text = await readFile(`/proc/${pid}/task/${pid}/children`, 'utf8').catch(() => '');
  return text
    .split(' ')
    .filter((part) => part !== '')
    .map(Number);
}

export function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch {
    return false;
  }
}

export interface ProcessTree {
  /** SIGKILL for the primary and every worker at once, as when the machine's memory runs out. */
  kill(): void;
}

export async function findProcessTree(pid: number): Promise<ProcessTree> {
  const pids = [pid, ...(await childrenOf(pid))];
  return {
    kill: () => {
      for (const each of pids) if (isAlive(each)) process.kill(each, 'SIGKILL');
    },
  };
}

// Memory of a process and all its descendants, sampled from /proc.
import { readdirSync, readFileSync } from 'node:fs';

function parents(): Map<number, number[]> {
  const children = new Map<number, number[]>();
  for (const entry of readdirSync('/proc')) {
    if (!/^\d+$/.test(entry)) continue;
    try {
      const stat = readFileSync(`/proc/${entry}/stat`, 'utf8');
      const parent = Number(stat.slice(stat.lastIndexOf(')') + 2).split(' ')[1]);
      children.set(parent, [...(children.get(parent) ?? []), Number(entry)]);
    } catch {
      // The process ended while we looked.
    }
  }
  return children;
}

function residentBytes(pid: number): number {
  try {
    const status = readFileSync(`/proc/${pid}/status`, 'utf8');
    return Number(/VmRSS:\s+(\d+) kB/.exec(status)?.[1] ?? 0) * 1024;
  } catch {
    return 0;
  }
}

/** Sum of resident memory over the process tree, in bytes. Shared pages count in each process. */
export function treeMemory(pid: number): number {
  const children = parents();
  const pending = [pid];
  let bytes = 0;
  for (let next = pending.pop(); next !== undefined; next = pending.pop()) {
    bytes += residentBytes(next);
    pending.push(...(children.get(next) ?? []));
  }
  return bytes;
}

/** Runs `work` and returns the highest memory of the tree seen meanwhile, every 50 ms. */
export async function peakMemory(pid: number, work: () => Promise<unknown>): Promise<number> {
  let peak = treeMemory(pid);
  const timer = setInterval(() => {
    peak = Math.max(peak, treeMemory(pid));
  }, 50);
  try {
    await work();
  } finally {
    clearInterval(timer);
  }
  return Math.max(peak, treeMemory(pid));
}

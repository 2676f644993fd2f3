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

/** The process and all its descendants. */
function tree(pid: number): number[] {
  const children = parents();
  const pids = [pid];
  for (let i = 0; i < pids.length; i++) pids.push(...(children.get(pids[i] ?? 0) ?? []));
  return pids;
}

const SAMPLE_MS = 100;
/** Walking all of /proc costs more than the samples themselves; new workers are seen a bit later. */
const SAMPLES_A_TREE = 20;

/**
 * Runs `work` and returns the highest sum of resident memory over the process tree seen meanwhile, in
 * bytes. Pages that processes share count in each.
 */
export async function peakMemory(pid: number, work: () => Promise<unknown>): Promise<number> {
  let pids = tree(pid);
  let peak = 0;
  let samples = 0;
  const sample = (): void => {
    if (++samples % SAMPLES_A_TREE === 0) pids = tree(pid);
    peak = Math.max(
      peak,
      pids.map(residentBytes).reduce((a, b) => a + b, 0),
    );
  };
  sample();
  const timer = setInterval(sample, SAMPLE_MS);
  try {
    await work();
  } finally {
    clearInterval(timer);
  }
  sample();
  return peak;
}

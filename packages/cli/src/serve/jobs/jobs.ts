// What is done from time to time, by one process among all that share a data directory: whoever
// holds the job's lease.
import type { LeaseStore } from '@portolan/storage';
import type { Logger } from 'pino';

export interface Job {
  readonly name: string;
  readonly everyMs: number;
  /** Asked before the lease is taken, which is a write. */
  isDue?(): Promise<boolean>;
  /** Returns what it did, for the log; undefined when there was nothing to do. */
  run(signal: AbortSignal): Promise<object | undefined>;
}

export interface JobRun {
  readonly job: string;
  readonly isOk: boolean;
  readonly durationMs: number;
  /** What the job returned. */
  readonly report: object | undefined;
}

export type ObserveJob = (run: JobRun) => void;

export interface JobsDeps {
  readonly leases: LeaseStore;
  readonly logger: Logger;
  readonly randomId: () => string;
  /** Gets to know each run that was begun. */
  readonly observe?: ObserveJob | undefined;
}

export interface Jobs {
  /** Lets running jobs end at their next step. */
  stop(): Promise<void>;
}

/** A process that died leaves its jobs to the others after this. */
const LEASE_MS = 60_000;

async function observed(job: Job, signal: AbortSignal, { observe }: JobsDeps) {
  const startedAt = performance.now();
  let [isOk, report]: [boolean, object | undefined] = [false, undefined];
  try {
    report = await job.run(signal);
    isOk = true;
    return report;
  } finally {
    observe?.({ job: job.name, isOk, durationMs: performance.now() - startedAt, report });
  }
}

async function runOnce(job: Job, holder: string, deps: JobsDeps, signal: AbortSignal) {
  const { leases, logger } = deps;
  const lease = `job:${job.name}`;
  try {
    if ((await job.isDue?.()) === false) return;
    if (!(await leases.acquire(lease, holder, LEASE_MS))) return;
    const renewal = setInterval(() => {
      leases.acquire(lease, holder, LEASE_MS).catch(() => undefined);
    }, LEASE_MS / 3);
    try {
      const report = await observed(job, signal, deps);
      if (report !== undefined) logger.info({ job: job.name, ...report }, 'job done');
    } finally {
      clearInterval(renewal);
      await leases.release(lease, holder);
    }
  } catch (err) {
    logger.error({ err, job: job.name }, 'job failed');
  }
}

export function startJobs(jobs: readonly Job[], deps: JobsDeps): Jobs {
  const controller = new AbortController();
  const holder = deps.randomId();
  const running = new Map<Job, Promise<void>>();
  const timers = jobs.map((job) =>
    setInterval(() => {
      // A run that takes longer than its interval is not joined by a second one.
      if (running.has(job)) return;
      const run = runOnce(job, holder, deps, controller.signal);
      running.set(job, run);
      void run.finally(() => running.delete(job));
    }, job.everyMs),
  );
  return {
    async stop() {
      for (const timer of timers) clearInterval(timer);
      controller.abort();
      await Promise.all(running.values());
    },
  };
}

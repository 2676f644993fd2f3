// Runs the mirror's rules when they are due, in the process that has the job's lease. One job goes on for
// as long as any rule does; rules that come due meanwhile are begun beside those, each by itself: one that
// takes a day makes no other one late.
import type { EgressPolicy, Mirror, RunReport } from '@portolan/mirror';
import type { MirrorRule, Storage } from '@portolan/storage';
import { setTimeout as sleep } from 'node:timers/promises';
import type { Logger } from 'pino';
import type { Job } from './jobs.ts';

export interface MirrorJobDeps {
  readonly storage: Storage;
  readonly egress: EgressPolicy;
  readonly logger: Logger;
  readonly randomId: () => string;
  readonly observeRun?: ((report: RunReport) => void) | undefined;
}

const LOOK_EVERY_MS = 5000;
/** Of all upstreams; each rule that runs has its tags in memory, and a lease. */
const RULES_AT_ONCE = 32;
const IMAGES_AT_ONCE = 4;
const BLOBS_AT_ONCE = 4;
const ACTOR = 'job:mirror';

/** Loaded when a rule is due: most servers mirror nothing. */
async function openMirror({ storage, egress, logger, randomId }: MirrorJobDeps): Promise<Mirror> {
  const { askCredentialHelper, createMirror, createSecretBox, createUpstreams } = await import(
    '@portolan/mirror'
  );
  const secrets = createSecretBox({ keyFile: storage.layout.mirrorKey });
  return createMirror({
    storage,
    upstreams: createUpstreams({
      stores: storage.upstreams,
      secrets,
      askHelper: askCredentialHelper,
    }),
    egress,
    clock: Date.now,
    random: Math.random,
    sleep: (ms, signal) => sleep(ms, undefined, { signal }),
    randomId,
    actor: ACTOR,
    logger,
  });
}

function logRun(logger: Logger, report: RunReport, pruned: number): void {
  const { source, destination, outcome, counts, bytes, requests, pulls, error, retryAt } = report;
  const { runId, startedAt, endedAt } = report;
  const durationMs = endedAt - startedAt;
  const facts = { runId, source, destination, outcome, ...counts, bytes, requests, pulls, pruned };
  const level = outcome === 'ok' || outcome === 'busy' ? 'info' : 'warn';
  logger[level]({ ...facts, durationMs, retryAt, error }, 'mirror run');
}

interface Runner {
  readonly deps: MirrorJobDeps;
  readonly mirror: Mirror;
  readonly signal: AbortSignal;
}

async function runRule({ deps, mirror, signal }: Runner, rule: MirrorRule): Promise<void> {
  const { logger } = deps;
  const { SILENT_SYNC } = await import('@portolan/mirror');
  try {
    const synced = await mirror.sync([rule], {
      jobs: IMAGES_AT_ONCE,
      blobsAtOnce: BLOBS_AT_ONCE,
      freshForMs: 0,
      waitMs: 0,
      isThorough: undefined,
      signal,
      progress: SILENT_SYNC,
    });
    for (const { report, pruned } of synced) {
      logRun(logger, report, pruned?.removed.length ?? 0);
      deps.observeRun?.(report);
    }
  } catch (err) {
    logger.error({ err, destination: rule.destination }, 'mirror run failed');
  }
}

/** Ends when nothing runs any more; what has come due in the last moment waits for the next look. */
async function runWhileDue(runner: Runner, lookEveryMs: number): Promise<void> {
  const { deps, signal } = runner;
  const running = new Map<number, Promise<void>>();
  do {
    const due = (await deps.storage.mirrorRules.due()).filter(({ id }) => !running.has(id));
    const begun = signal.aborted ? [] : due.slice(0, RULES_AT_ONCE - running.size);
    for (const rule of begun) {
      const run = runRule(runner, rule).finally(() => running.delete(rule.id));
      running.set(rule.id, run);
    }
    const all = Promise.all(running.values());
    const pause = sleep(lookEveryMs, undefined, { signal }).catch(() => undefined);
    // When told to stop, those that run end by themselves, soon.
    await (signal.aborted ? all : Promise.race([all, pause]));
  } while (running.size > 0);
}

export function mirrorJob(deps: MirrorJobDeps, lookEveryMs: number = LOOK_EVERY_MS): Job {
  return {
    name: 'mirror',
    everyMs: lookEveryMs,
    isDue: async () => (await deps.storage.mirrorRules.due()).length > 0,
    async run(signal) {
      // One id for all that is logged from here to the end, by the mirror's client too.
      const logger = deps.logger.child({ jobRun: deps.randomId() });
      const held = { ...deps, logger };
      const mirror = await openMirror(held);
      try {
        await runWhileDue({ deps: held, mirror, signal }, lookEveryMs);
      } finally {
        await mirror.close();
      }
      return undefined;
    },
  };
}

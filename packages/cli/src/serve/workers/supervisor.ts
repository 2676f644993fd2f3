// Keeps the workers running: a dead one is replaced, at once when it had lived, with growing delays
// when it dies again and again. The listener belongs to the primary, so the others go on meanwhile.
import { setTimeout as delay } from 'node:timers/promises';
import type { Logger } from 'pino';
import type { ListenAddress } from '../../config/listen-address.ts';
import type { ServeSettings } from '../../config/serve-settings.ts';
import { type RunningWorker, startWorker } from './running-worker.ts';

export interface SupervisorDeps {
  readonly settings: ServeSettings;
  /** Of the session tickets of TLS. */
  readonly ticketSecret: string;
  readonly logger: Logger;
  readonly isTerminal: boolean;
  /** Gets to know each worker that is started. */
  readonly onWorker?: ((worker: RunningWorker) => void) | undefined;
  readonly onRestart?: (() => void) | undefined;
}

export interface Supervisor {
  readonly addresses: readonly ListenAddress[];
  /** Every worker finishes its requests and ends. */
  drain(): Promise<void>;
  /** At once. */
  kill(): void;
}

const FIRST_DELAY_MS = 250;
const MAX_DELAY_MS = 30_000;
/** Who has lived so long did not die of its own start. */
const SETTLED_MS = 10_000;
/** Beyond the grace: a worker that does not end by itself is ended. */
const EXTRA_MS = 5000;

/** How long to wait before the next worker, by how many died young in a row. */
export function restartDelayMs(diedYoung: number): number {
  return diedYoung === 0 ? 0 : Math.min(MAX_DELAY_MS, FIRST_DELAY_MS * 2 ** (diedYoung - 1));
}

/** The workers that live now, and where the next one listens. */
function createCrew({ settings, ticketSecret, isTerminal, onWorker }: SupervisorDeps) {
  const live = new Set<RunningWorker>();
  let listen = settings.listen;
  let bound: readonly ListenAddress[] | undefined;
  return {
    live,
    start(): RunningWorker {
      // Port 0 stands for one port as long as any worker holds it; after that it would be another.
      if (live.size === 0 && bound !== undefined) listen = bound;
      const worker = startWorker({ type: 'start', settings, listen, ticketSecret, isTerminal });
      live.add(worker);
      onWorker?.(worker);
      void worker.ended.then(() => live.delete(worker));
      return worker;
    },
    /** Resolves with the addresses when each accepts connections. */
    async waitUntilReady(workers: readonly RunningWorker[]): Promise<readonly ListenAddress[]> {
      const [addresses] = await Promise.all(workers.map((worker) => worker.ready));
      bound = addresses ?? listen;
      return bound;
    },
    kill: () => {
      for (const worker of live) worker.kill();
    },
  };
}

type Crew = ReturnType<typeof createCrew>;

/** Replaces one worker by the next until the signal comes. */
async function keepRunning(
  first: RunningWorker,
  crew: Crew,
  { logger, onRestart }: SupervisorDeps,
  signal: AbortSignal,
): Promise<void> {
  let worker = first;
  let diedYoung = 0;
  for (;;) {
    const startedAt = performance.now();
    const end = await worker.ended;
    if (signal.aborted) return;
    diedYoung = performance.now() - startedAt < SETTLED_MS ? diedYoung + 1 : 0;
    const delayMs = restartDelayMs(diedYoung);
    logger.error({ worker: worker.pid, ...end, delayMs }, 'a worker died and is replaced');
    await delay(delayMs, undefined, { signal }).catch(() => undefined);
    if (signal.aborted) return;
    onRestart?.();
    worker = crew.start();
  }
}

export async function startSupervisor(deps: SupervisorDeps): Promise<Supervisor> {
  const { settings } = deps;
  const crew = createCrew(deps);
  const stopping = new AbortController();
  const workers = Array.from({ length: settings.workers }, () => crew.start());
  const addresses = await crew.waitUntilReady(workers).catch((error: unknown) => {
    crew.kill();
    throw error;
  });
  const kept = workers.map((worker) => keepRunning(worker, crew, deps, stopping.signal));
  return {
    addresses,
    async drain() {
      stopping.abort();
      for (const worker of crew.live) worker.drain();
      const late = setTimeout(crew.kill, settings.shutdownGraceMs + EXTRA_MS);
      await Promise.all(kept);
      await Promise.all([...crew.live].map((worker) => worker.ended));
      clearTimeout(late);
    },
    kill: crew.kill,
  };
}

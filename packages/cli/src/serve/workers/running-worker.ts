// One worker process, from its start to its end.
import cluster, { type Worker } from 'node:cluster';
import { getCompileCacheDir } from 'node:module';
import { dirname, resolve } from 'node:path';
import type { ListenAddress } from '../../config/listen-address.ts';
import { CommandFailure, type Failure, failureText } from '../../terminal/explain-failure.ts';
import type { Snapshot } from '../metrics/snapshot.ts';
import type { FromWorker, ToWorker } from './messages.ts';
import { inheritedDescriptors } from '../listeners/passed-sockets.ts';

export interface WorkerEnd {
  readonly code: number | null;
  readonly signal: string | null;
  /** What it said before it ended by itself. */
  readonly reason: string | undefined;
}

export interface RunningWorker {
  readonly pid: number | undefined;
  /** Where it accepts connections. Rejects when it ends before that. */
  readonly ready: Promise<readonly ListenAddress[]>;
  readonly ended: Promise<WorkerEnd>;
  /** Its metrics, when it answers; a question at a time. */
  snapshot(): Promise<Snapshot>;
  drain(): void;
  kill(): void;
}

/** Password hashing and file reads wait for these threads, and pulls must not wait for logins. */
const WORKER_THREADS = '16';

/**
 * Every worker accepts from the shared listener by itself. Node's round robin through the primary is
 * evener with few connections, but sets up a quarter as many a second, and a connection on its way
 * to a worker that has just died hangs for ever (measured with Node 26.10).
 */
cluster.schedulingPolicy = cluster.SCHED_NONE;

function fork(listen: readonly ListenAddress[]): Worker {
  cluster.setupPrimary({
    exec: resolve(import.meta.dirname, 'worker.ts'),
    args: [],
    stdio: ['inherit', 'inherit', 'inherit', ...inheritedDescriptors(listen), 'ipc'],
  });
  const cache = getCompileCacheDir();
  return cluster.fork({
    UV_THREADPOOL_SIZE: WORKER_THREADS,
    // Only the primary makes the administrator.
    PORTOLAN_ADMIN_PASSWORD: '',
    // Its last part is Node's own, which a worker adds again.
    ...(cache === undefined ? {} : { NODE_COMPILE_CACHE: dirname(cache) }),
  });
}

/** A failure of the worker, as if it had happened here. */
function asError({ message, hint, exitCode }: Failure): CommandFailure {
  return new CommandFailure(message, exitCode, { hint });
}

function endedEarly(code: number | null, signal: string | null): CommandFailure {
  return new CommandFailure(`a worker ended before it was ready (${signal ?? `code ${code}`})`);
}

export function startWorker(start: Extract<ToWorker, { type: 'start' }>): RunningWorker {
  const worker = fork(start.listen);
  const ready = Promise.withResolvers<readonly ListenAddress[]>();
  const ended = Promise.withResolvers<WorkerEnd>();
  let failure: Failure | undefined;
  let answer: ((snapshot: Snapshot) => void) | undefined;
  const send = (message: ToWorker): void => {
    // A worker that is gone answers with its exit.
    if (worker.isConnected()) worker.send(message, () => undefined);
  };
  worker.on('message', (message: FromWorker) => {
    if (message.type === 'ready') ready.resolve(message.addresses);
    else if (message.type === 'metrics') answer?.(message.snapshot);
    else failure = message.failure;
  });
  worker.on('error', () => undefined);
  worker.on('exit', (code: number | null, signal: string | null) => {
    ready.reject(failure === undefined ? endedEarly(code, signal) : asError(failure));
    ended.resolve({ code, signal, reason: failure && failureText(failure) });
  });
  // Whoever restarts a worker looks at its end, not at this.
  ready.promise.catch(() => undefined);
  send(start);
  return {
    pid: worker.process.pid,
    ready: ready.promise,
    ended: ended.promise,
    snapshot: () =>
      new Promise((done) => {
        answer = done;
        send({ type: 'metrics' });
      }),
    drain: () => send({ type: 'drain' }),
    kill: () => worker.process.kill('SIGKILL'),
  };
}

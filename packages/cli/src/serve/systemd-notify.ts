// Tells systemd how the service is (sd_notify(3)): ready, stopping, alive. Node has no datagram sockets of
// the file system, so `systemd-notify` sends it; without that program, or that manager, nothing is told.
import { execFile } from 'node:child_process';
import type { Environment } from '../config/environment.ts';

export interface ServiceManager {
  /** Everything accepts connections. From now on it also hears that we live, if it asked for that. */
  ready(status: string): Promise<void>;
  stopping(): Promise<void>;
}

type Notify = (...state: string[]) => Promise<void>;

const LIMIT_MS = 5000;

function createNotify(environment: Environment): Notify {
  return (...state) => {
    const { promise, resolve } = Promise.withResolvers<void>();
    // Its absence is no error: a container has the socket, but seldom the program.
    execFile('systemd-notify', state, { env: environment, timeout: LIMIT_MS }, () => resolve());
    return promise;
  };
}

/** Half the time after which it would restart us, when it watches this process. */
function watchdogEveryMs(environment: Environment, pid: number): number | undefined {
  const { WATCHDOG_USEC: interval, WATCHDOG_PID: watched } = environment;
  if (interval === undefined || (watched !== undefined && Number(watched) !== pid)) {
    return undefined;
  }
  const everyMs = Math.floor(Number(interval) / 2000);
  return everyMs > 0 ? everyMs : undefined;
}

const NOBODY: ServiceManager = {
  ready: () => Promise.resolve(),
  stopping: () => Promise.resolve(),
};

export function createServiceManager(environment: Environment, pid: number): ServiceManager {
  const { NOTIFY_SOCKET: socket } = environment;
  if (socket === undefined || socket === '') return NOBODY;
  const notify = createNotify(environment);
  const everyMs = watchdogEveryMs(environment, pid);
  let watchdog: NodeJS.Timeout | undefined;
  return {
    ready(status) {
      if (everyMs !== undefined) {
        watchdog ??= setInterval(() => void notify('WATCHDOG=1'), everyMs);
        watchdog.unref();
      }
      return notify('READY=1', `STATUS=${status}`);
    },
    // It goes on hearing that we live, until the last request is answered.
    stopping: () => notify('STOPPING=1', 'STATUS=finishing the requests that have begun'),
  };
}

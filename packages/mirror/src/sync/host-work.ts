// What the rules of one upstream share while they run, whoever began them and when: how much goes on at
// once, and that it stops for all of them when the host refuses or is down.
import { type DomainError } from '@portolan/oci';
import { createSlots, type Slots } from '../copy/at-most.ts';

/** So many failures in a row, each after all its retries, and the host is taken to be down. */
const MAX_UNAVAILABLE = 5;

export interface HostWork {
  readonly slots: Slots;
  /** Why nothing more is begun; undefined while all is well. */
  readonly stop: DomainError | undefined;
  succeeded(): void;
  failed(error: DomainError): void;
}

/** Another tag of the same host would fail as well. */
const STOPPING: ReadonlySet<string> = new Set([
  'upstream-limited',
  'upstream-untrusted',
  'egress-refused',
  'space-short',
  'disk-full',
  'store-read-only',
]);

export function createHostWork(jobs: number): HostWork {
  let stop: DomainError | undefined;
  let unavailable = 0;
  return {
    slots: createSlots(jobs),
    get stop() {
      return stop;
    },
    succeeded() {
      unavailable = 0;
    },
    failed(error) {
      if (error.code === 'upstream-unavailable') unavailable++;
      if (STOPPING.has(error.code) || unavailable >= MAX_UNAVAILABLE) stop ??= error;
    },
  };
}

export interface Hosts {
  /** With what others that use the host at this moment have, too; whoever comes after them begins anew. */
  use<T>(host: string, jobs: number, work: (host: HostWork) => Promise<T>): Promise<T>;
}

interface Used {
  readonly work: HostWork;
  users: number;
}

export function createHosts(): Hosts {
  const inUse = new Map<string, Used>();
  return {
    async use(host, jobs, work) {
      const known = inUse.get(host);
      // What has stopped a run is asked again by the next one.
      const isGoing = known !== undefined && known.work.stop === undefined;
      const used = isGoing ? known : { work: createHostWork(jobs), users: 0 };
      inUse.set(host, used);
      used.users++;
      try {
        return await work(used.work);
      } finally {
        used.users--;
        if (used.users === 0 && inUse.get(host) === used) inUse.delete(host);
      }
    },
  };
}

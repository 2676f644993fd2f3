// Keeps a second machine out of a data directory (a shared network disk): SQLite's WAL and our rule
// "any number of processes" hold on one machine only. All processes of one machine share the lock.
import { createHash } from 'node:crypto';
import { readFileSync, renameSync, writeFileSync } from 'node:fs';
import { hostname } from 'node:os';
import type { Clock, RandomId } from './clock.ts';
import { storageError } from './errors.ts';

/** Who a lock belongs to: a boot of a machine. */
export interface Machine {
  /** Stays over boots. */
  readonly id: string;
  readonly boot: string;
  readonly hostname: string;
}

interface LockContent extends Machine {
  /** Milliseconds since the epoch. */
  readonly seenAt: number;
}

export interface DataDirectoryLock {
  /** @throws StorageError `still-in-use` when another machine has taken over */
  check(): void;
  close(): void;
}

export interface DataDirectoryLockDeps {
  readonly file: string;
  readonly machine: Machine;
  readonly clock: Clock;
  readonly randomId: RandomId;
}

const HEARTBEAT_MS = 30_000;
/** Another machine's lock without a heartbeat for so long is left over. */
const LAPSE_MS = 120_000;

function readText(path: string): string | undefined {
  try {
    return readFileSync(path, 'utf8').trim();
  } catch {
    return undefined;
  }
}

/**
 * Containers often have no machine id, and many machines' containers have one host name; there a boot
 * stands for the machine, and a lock from before a reboot has to lapse.
 */
export function thisMachine(): Machine {
  const name = hostname();
  const boot = readText('/proc/sys/kernel/random/boot_id') ?? name;
  const id = readText('/etc/machine-id') || `${name}:${boot}`;
  return {
    // machine-id(5) asks not to show the id itself to others.
    id: createHash('sha256').update(`portolan:${id}`).digest('hex').slice(0, 32),
    boot,
    hostname: name,
  };
}

function readLock(file: string): LockContent | undefined {
  try {
    const content: Partial<LockContent> = JSON.parse(readText(file) ?? '');
    const { id = '', boot = '', hostname: host = '', seenAt = 0 } = content;
    return Number.isSafeInteger(seenAt) ? { id, boot, hostname: host, seenAt } : undefined;
  } catch {
    // Absent, or not ours to understand: nothing that another machine is known to hold.
    return undefined;
  }
}

export function lockDataDirectory(deps: DataDirectoryLockDeps): DataDirectoryLock {
  const { file, machine, clock, randomId } = deps;

  function isForeign(lock: LockContent): boolean {
    return lock.boot !== machine.boot && lock.id !== machine.id;
  }

  function check(): void {
    const lock = readLock(file);
    const lapsesAt = (lock?.seenAt ?? 0) + LAPSE_MS;
    if (lock === undefined || !isForeign(lock) || lapsesAt <= clock()) return;
    throw storageError(
      'still-in-use',
      `the data directory is in use by another machine, ${lock.hostname}`,
      {
        file,
        hint: `one machine at a time; if ${lock.hostname} is gone, wait ${Math.ceil((lapsesAt - clock()) / 1000)} seconds or remove ${file}`,
      },
    );
  }

  function beat(): void {
    check();
    const now = clock();
    const known = readLock(file);
    const isFresh = known?.boot === machine.boot && now - known.seenAt < HEARTBEAT_MS / 2;
    if (isFresh && known.seenAt <= now) return;
    const content: LockContent = { ...machine, seenAt: now };
    const next = `${file}.${randomId()}`;
    writeFileSync(next, `${JSON.stringify(content)}\n`, { mode: 0o600 });
    renameSync(next, file);
  }

  beat();
  const timer = setInterval(() => {
    try {
      beat();
    } catch {
      // A lost lock or a full disk shows in check() and in the health answer, not in a timer.
    }
  }, HEARTBEAT_MS);
  timer.unref();
  return { check, close: () => clearInterval(timer) };
}

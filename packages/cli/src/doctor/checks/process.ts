// What the server's processes get of this machine.
import { reasonOf } from '@portolan/oci';
import { readFile } from 'node:fs/promises';
import { availableParallelism } from 'node:os';
import { type Check, fail, type Finding, ok, onMachine, skipped, warn } from '../check.ts';
import { askableAddresses, askReadiness } from '../../connection/server-health.ts';
import { ListenAddress } from '../../config/listen-address.ts';

/** Each connection may have a file of a blob open; databases and listeners need some more. */
const FILES_PER_CONNECTION = 2;
const OTHER_FILES = 200;

/** @param limits text of /proc/PID/limits */
export function judgeFileLimit(limits: string, maxConnections: number): Finding {
  const [, hard] = /^Max open files\s+\S+\s+(\S+)/m.exec(limits) ?? [];
  if (hard === undefined) return skipped('this system does not tell');
  const needed = maxConnections * FILES_PER_CONNECTION + OTHER_FILES;
  // The soft limit is raised by Node.
  if (hard === 'unlimited' || Number(hard) >= needed) return ok(`${hard} files for each process`);
  return warn(`${hard} files for each process, while max_connections is ${maxConnections}`, {
    meaning:
      'with that many connections requests would fail with EMFILE; here it is the limit of this shell',
    remedy: `set LimitNOFILE=${needed} in the unit of the server, or lower max_connections`,
  });
}

export const fileLimit: Check = onMachine({
  name: 'file-limit',
  topic: 'process',
  run: async ({ settings }) =>
    judgeFileLimit(
      await readFile('/proc/self/limits', 'utf8').catch(() => ''),
      settings.maxConnections,
    ),
});

export function judgeWorkers(workers: number, cores: number): Finding {
  const summary = `${workers} for ${cores} cores`;
  if (workers > 2 * cores) {
    return warn(summary, {
      meaning: 'they take each other’s time, and memory',
      remedy: 'leave `workers` out: it is one for each core',
    });
  }
  if (workers === 1 && cores >= 4) {
    return warn(summary, {
      meaning: 'one process does everything, collection of garbage included',
      remedy: 'leave `workers` out: it is one for each core',
    });
  }
  return ok(summary);
}

export const workers: Check = onMachine({
  name: 'workers',
  topic: 'process',
  run: ({ settings }) => judgeWorkers(settings.workers, availableParallelism()),
});

async function judgeReadiness(address: ListenAddress): Promise<Finding> {
  const where = ListenAddress.format(address);
  const remedy = "see `journalctl -u 'portolan*'`, or what the server printed";
  try {
    const status = await askReadiness(address);
    if (status === 200) return ok(`ready at ${where}`);
    return fail(`${where} answers ${status}`, {
      meaning: 'the server cannot do its work',
      remedy,
    });
  } catch (error) {
    return fail(`nobody answers at ${where}: ${reasonOf(error)}`, {
      meaning: 'the server is not running, or not with these settings',
      remedy,
    });
  }
}

export const running: Check = onMachine({
  name: 'running',
  topic: 'process',
  async run({ settings }) {
    // Two services have one each.
    const addresses = askableAddresses(settings.listen);
    if (addresses.length === 0) {
      return skipped('its sockets are systemd’s, or want a PROXY header');
    }
    const findings = await Promise.all(addresses.map(judgeReadiness));
    const troubles = findings.filter(({ verdict }) => verdict !== 'ok');
    if (troubles.length > 0) return troubles;
    return ok(`ready at ${addresses.map(ListenAddress.format).join(', ')}`);
  },
});

// Whose the data directory is, what lies there for others to read, and whether it is on one local disk.
import { existsSync, type Stats } from 'node:fs';
import { stat, statfs } from 'node:fs/promises';
import { join } from 'node:path';
import { type Check, fail, type Finding, ok, onMachine, skipped, warn } from '../check.ts';
import { formatBytes } from '../../terminal/format-bytes.ts';

const OTHERS = 0o077;
const LOW_SHARE = 0.05;

function permissions({ mode }: Stats): string {
  return (mode & 0o777).toString(8).padStart(4, '0');
}

/** The kinds of statfs(2) on which SQLite's log or a lock does not work, or not for long. */
const NETWORK_KINDS: Readonly<Record<number, string>> = {
  0x6969: 'NFS',
  0x517b: 'SMB',
  0xff534d42: 'CIFS',
  0xfe534d42: 'SMB2',
  0x01021997: '9p',
  0x65735546: 'FUSE',
  0xc36400: 'Ceph',
};
const PASSING_KINDS: Readonly<Record<number, string>> = {
  0x01021994: 'tmpfs: it is gone after a restart of the machine',
  0x794c7630: 'an overlay, the inside of a container: it is gone with the container',
};

export const dataDirectory: Check = onMachine({
  name: 'data-directory',
  topic: 'data',
  async run({ directory }) {
    const found = await stat(directory).catch(() => undefined);
    if (found === undefined) {
      return fail(`${directory} is not there, or not to be seen`, {
        meaning: 'this is not the directory of a server, or belongs to another user',
        remedy:
          'name it with --data-dir, and run as the user of the server: `sudo -u portolan portolan doctor`',
      });
    }
    const uid = process.getuid?.();
    if (uid !== 0 && found.uid !== uid) {
      return fail(`${directory} belongs to the user with the number ${found.uid}`, {
        meaning: 'what is run by another user leaves files that the server cannot write',
        remedy: `\`sudo -u '#${found.uid}' portolan doctor\`, or \`chown -R\` it to the user of the server`,
      });
    }
    if ((found.mode & OTHERS) !== 0) {
      return warn(`${directory} has the mode ${permissions(found)}`, {
        meaning: 'other users of this machine see what is in it',
        remedy: `\`chmod 0700 ${directory}\``,
      });
    }
    return ok(`${directory}, ${permissions(found)}`);
  },
});

async function spaceOf(directory: string, floorBytes: number): Promise<Finding> {
  const { bavail, bsize, blocks, files, ffree } = await statfs(directory);
  const free = bavail * bsize;
  if (free < floorBytes) {
    return fail(`${formatBytes(free)} are free, less than storage.disk_floor`, {
      meaning: 'every push is refused until there is more',
      remedy:
        'make room, or move the data directory to a larger disk; `portolan mirror prune --dry-run` shows what mirrors could let go',
    });
  }
  // Some file systems have no number of inodes.
  if (files > 0 && ffree / files < LOW_SHARE) {
    return warn(`${ffree} of ${files} inodes are free`, {
      meaning:
        'each blob is a file: pushes end with "no space left on device" while there is space',
      remedy: 'move the data directory to a file system with more inodes, such as XFS',
    });
  }
  const total = blocks * bsize;
  if (free < 2 * floorBytes || free / total < LOW_SHARE) {
    return warn(`${formatBytes(free)} of ${formatBytes(total)} are free`, {
      meaning: `pushes are refused below ${formatBytes(floorBytes)}`,
      remedy: 'make room before it is full, and watch it: deploy/monitoring has an alert',
    });
  }
  return ok(`${formatBytes(free)} of ${formatBytes(total)}`);
}

export const freeSpace: Check = onMachine({
  name: 'free-space',
  topic: 'data',
  after: ['data-directory'],
  run: ({ directory, settings }) => spaceOf(directory, settings.storage.diskFloorBytes),
});

/** @param kind of statfs(2) */
export function judgeFileSystem(kind: number): Finding | undefined {
  const network = NETWORK_KINDS[kind];
  if (network !== undefined) {
    return warn(`the data directory is on ${network}`, {
      meaning:
        'the write-ahead log and the locks of SQLite are not safe there, and every commit is slow',
      remedy: 'move the data directory to a disk of this machine',
    });
  }
  const passing = PASSING_KINDS[kind];
  if (passing === undefined) return undefined;
  return warn(`the data directory is on ${passing}`, {
    meaning: 'everything that was pushed is lost then',
    remedy: 'put a directory of the host, or a volume, where the data directory is',
  });
}

export const fileSystem: Check = onMachine({
  name: 'file-system',
  topic: 'data',
  after: ['data-directory'],
  async run({ directory }) {
    const judged = judgeFileSystem((await statfs(directory)).type);
    if (judged !== undefined) return judged;
    const parts = ['blobs', 'uploads'].map((part) => join(directory, part));
    // The server makes them on its first start.
    const missing = parts.find((part) => !existsSync(part));
    if (missing !== undefined) return skipped(`there is no ${missing} yet`);
    const devices = await Promise.all(parts.map(async (part) => (await stat(part)).dev));
    if (new Set(devices).size > 1) {
      return fail('blobs and uploads are on two file systems', {
        meaning: 'an upload cannot take its place by a rename, and every push fails',
        remedy: `mount one file system at ${directory}, and nothing below it`,
      });
    }
    return ok('one, of this machine');
  },
});

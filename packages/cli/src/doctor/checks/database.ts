// The database as it lies on the disk. It was looked at when the world was opened, before anything else.
import { type Check, fail, ok, onMachine, skipped, warn } from '../check.ts';
import { formatBytes } from '../../terminal/format-bytes.ts';

const LARGE_WAL_BYTES = 256 * 1024 * 1024;

export const database: Check = onMachine({
  name: 'database',
  topic: 'data',
  run({ database: found, directory }) {
    if (found === undefined) return skipped(`there is none in ${directory} yet`);
    const { damages, schema, walBytes, bytes } = found;
    if (damages !== undefined && damages.length > 0) {
      return fail(`it is damaged: ${damages.join('; ')}`, {
        meaning: 'names and rights may be lost; the blobs are files of their own',
        remedy:
          'stop the server, keep a copy of the directory, and restore portolan.db from a backup',
      });
    }
    if (schema === 'newer') {
      return fail('it was made by a later version of Portolan', {
        meaning: 'this version does not know what is in it, and must not write there',
        remedy: 'run the version that made it, or restore the backup from before the upgrade',
      });
    }
    if (schema === 'older') {
      return warn('it is of an earlier version of Portolan', {
        meaning: 'it is migrated when the server starts; what needs it is not checked now',
        remedy: 'copy portolan.db, then restart the server with this version',
      });
    }
    if (walBytes > LARGE_WAL_BYTES) {
      return warn(`its log has ${formatBytes(walBytes)}`, {
        meaning: 'a process that reads for very long keeps it from being folded into the database',
        remedy: 'see which process has portolan.db open (`fuser -v`), and end it',
      });
    }
    const checked = damages === undefined ? ', too large to be read through now' : ', whole';
    return ok(`${formatBytes(bytes)}${checked}`);
  },
});

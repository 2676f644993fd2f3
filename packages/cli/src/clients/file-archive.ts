// The files of an engine as one tar, for a machine that this process cannot write to: another one, or this
// one when the process is a service's user or in a container. Root unpacks it, so the files are root's.
import type { ConfigFile } from '@portolan/clients';
import { packTar } from 'modern-tar';

const FILE_MODE = 0o644;
const ROOT = { uid: 0, gid: 0, uname: 'root', gname: 'root' };

/** Without entries for directories: those that are there stay as they are. */
export async function archiveFiles(files: readonly ConfigFile[], now: number): Promise<Uint8Array> {
  const mtime = new Date(now);
  // Certificates come last in the list and first on the disk: nothing names a file that is not there.
  const entries = files.toReversed().map(({ path, text }) => {
    const body = Buffer.from(text);
    const name = path.replace(/^\/+/, '');
    return { header: { name, size: body.length, mode: FILE_MODE, mtime, ...ROOT }, body };
  });
  return await packTar(entries);
}

// Which process holds the server's end of a connection, read from /proc: the only way to tell from
// outside which worker answers on it.
import { readdir, readFile, readlink } from 'node:fs/promises';

const ESTABLISHED = '01';

/** Port numbers stand in /proc/net/tcp as four hex digits after the address. */
function portIn(address = ''): number {
  return Number.parseInt(address.split(':')[1] ?? '', 16);
}

async function findInode(serverPort: number, clientPort: number): Promise<string | undefined> {
  const table = await readFile('/proc/net/tcp', 'utf8');
  for (const line of table.split('\n')) {
    const [, local, remote, state, , , , , , inode] = line.trim().split(/\s+/);
    const isIt = portIn(local) === serverPort && portIn(remote) === clientPort;
    if (isIt && state === ESTABLISHED) return inode;
  }
  return undefined;
}

async function holds(pid: number, inode: string): Promise<boolean> {
  const directory = `/proc/${pid}/fd`;
  const files = await readdir(directory).catch(() => []);
  const links = await Promise.all(
    files.map((file) => readlink(`${directory}/${file}`).catch(() => '')),
  );
  return links.includes(`socket:[${inode}]`);
}

export async function findConnectionOwner(
  connection: { readonly serverPort: number; readonly clientPort: number },
  pids: readonly number[],
): Promise<number | undefined> {
  const inode = await findInode(connection.serverPort, connection.clientPort);
  if (inode === undefined) return undefined;
  for (const pid of pids) if (await holds(pid, inode)) return pid;
  return undefined;
}

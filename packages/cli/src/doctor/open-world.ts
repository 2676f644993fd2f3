// Everything that the checks look at, opened as far as it goes: what is missing is a reason to skip, and so is
// what belongs to another server than the one that is asked about.
import { parseRegistryAddress } from '@portolan/clients';
import { reasonOf } from '@portolan/oci';
import { openStorage, type Storage } from '@portolan/storage';
import { storageOptions } from '../config/storage-settings.ts';
import { SettingsError } from '../config/settings-problem.ts';
import type { CommandContext } from '../commands/context.ts';
import type { World } from './check.ts';
import { findServer, type ServerOptions } from './find-server.ts';
import { isOwnServer } from './is-own-server.ts';
import { lookAtMachine, type Machine, type OpenMachine } from './machine.ts';

export type WorldOptions = Pick<ServerOptions, 'url' | 'ca' | 'retired' | 'login' | 'namespace'>;

/** @throws what the command line says of a file that may not be read */
function findMachine(context: CommandContext, isUrlGiven: boolean): Machine | string {
  try {
    // Elsewhere than on the machine of the server the defaults would be checked, which nobody uses.
    if (isUrlGiven && !context.hasStorage()) return 'there is no data directory here';
    return lookAtMachine(context);
  } catch (error) {
    if (error instanceof SettingsError) return `${error.message}\n`;
    const { code } = error as NodeJS.ErrnoException;
    const isForeign = code === 'EACCES' || code === 'SQLITE_CANTOPEN';
    const who = isForeign ? ': run it as the user of the server' : '';
    return `${reasonOf(error)}${who}`;
  }
}

/** Opening would migrate an older database, and a newer one must not be touched. */
async function openData(machine: Machine | string): Promise<OpenMachine | string> {
  if (typeof machine === 'string') return machine.trim().split('\n')[0] ?? machine;
  const { database, settings, clock, randomId } = machine;
  if (database === undefined) return `there is no database in ${machine.directory}`;
  if (database.schema !== 'current') return 'the database is of another version';
  if ((database.damages?.length ?? 0) > 0) return 'the database is damaged';
  try {
    const options = storageOptions(settings.storage, { clock, randomId });
    return { ...machine, storage: await openStorage(options) };
  } catch (error) {
    return reasonOf(error);
  }
}

/** Undefined when what is here is the server's that is asked about. */
async function findOther(
  url: string | undefined,
  machine: Machine | string,
  open: OpenMachine | string,
): Promise<string | undefined> {
  if (url === undefined || typeof machine === 'string') return undefined;
  const address = parseRegistryAddress(url);
  const { publicUrl } = machine.names;
  const views = typeof open === 'string' ? undefined : open.storage.views;
  const { listen } = machine.settings;
  if (await isOwnServer(address, { publicUrl, listen, views })) return undefined;
  return `the settings here are of another server, ${publicUrl}: for this, run it on the machine of ${address.host}`;
}

export async function withWorld<T>(
  context: CommandContext,
  options: WorldOptions,
  work: (world: World) => Promise<T>,
): Promise<T> {
  const { actor, clock, randomId } = context;
  const found = findMachine(context, options.url !== undefined);
  const opened = await openData(found);
  const storage: Storage | undefined = typeof opened === 'string' ? undefined : opened.storage;
  try {
    const other = await findOther(options.url, found, opened);
    const [machine, open] = other === undefined ? [found, opened] : [other, other];
    const server = await findServer(
      { ...options, actor, clock, randomId },
      typeof machine === 'string' ? undefined : machine,
      typeof open === 'string' ? undefined : open,
    );
    return await work({ machine, open, server });
  } finally {
    await storage?.close();
  }
}

// How many connections a process takes. Each may need a second file descriptor for the blob that it
// sends; running out of them would fail requests that were accepted, so fewer are accepted.
import { readFileSync } from 'node:fs';
import type { Socket } from 'node:net';

/** For the database, the log, the listener, Node itself, and files that are being written. */
const RESERVED = 40;
const AT_LEAST = 8;

function openFilesLimit(): number {
  try {
    const [, soft] =
      /^Max open files\s+(\d+)/m.exec(readFileSync('/proc/self/limits', 'utf8')) ?? [];
    return Number(soft ?? Infinity);
  } catch {
    // Not Linux.
    return Infinity;
  }
}

export function connectionLimit(wanted: number, openFiles: number = openFilesLimit()): number {
  return Math.min(wanted, Math.max(AT_LEAST, Math.floor((openFiles - RESERVED) / 2)));
}

/** The connections of all listeners of a process together. */
export interface ConnectionSlots {
  /** False when there is none left. It is free again when the socket is closed. */
  take(socket: Socket): boolean;
}

export function createConnectionSlots(limit: number): ConnectionSlots {
  let open = 0;
  return {
    take(socket) {
      if (open >= limit) return false;
      open++;
      socket.once('close', () => open--);
      return true;
    },
  };
}

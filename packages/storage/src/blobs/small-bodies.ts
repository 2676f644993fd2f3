// Bodies of small blobs in memory, by file: what lies in a stored file never changes, and a file's
// name is never used again, so nothing here can be out of date. Who may read one is looked up before.

const MAX_BYTES = 32 * 1024 * 1024;

export interface SmallBodies {
  find(file: string): Buffer | undefined;
  add(file: string, body: Buffer): void;
}

export function createSmallBodies(maxBytes = MAX_BYTES): SmallBodies {
  // A Map iterates in the order of insertion, so its first key is the one used longest ago.
  const bodies = new Map<string, Buffer>();
  let bytes = 0;

  function forget(file: string): void {
    bytes -= bodies.get(file)?.length ?? 0;
    bodies.delete(file);
  }

  return {
    find(file) {
      const body = bodies.get(file);
      if (body === undefined) return undefined;
      bodies.delete(file);
      bodies.set(file, body);
      return body;
    },
    add(file, body) {
      forget(file);
      bodies.set(file, body);
      bytes += body.length;
      for (const oldest of bodies.keys()) {
        if (bytes <= maxBytes) break;
        forget(oldest);
      }
    },
  };
}

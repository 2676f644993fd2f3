// A JWK set in a file, read again when the file has changed. Only tokens that are not yet verified
// come here, so one `stat` each is cheap.
import { readFile, stat } from 'node:fs/promises';
import { RegistryError } from '../registry-error.ts';
import { importKeys, type KeySet, type Keys } from './key-set.ts';

/** A file that is missing or broken while it is replaced leaves the old keys in force. */
export function fileKeySet(path: string): KeySet {
  let keys: Keys | undefined;
  let seen = '';

  async function refresh(): Promise<void> {
    const { mtimeMs, size, ino } = await stat(path);
    const version = `${mtimeMs}:${size}:${ino}`;
    if (version === seen) return;
    const text = await readFile(path, 'utf8');
    keys = await importKeys(JSON.parse(text));
    seen = version;
  }

  return {
    async find(kid) {
      await refresh().catch(() => undefined);
      if (keys !== undefined) return keys.get(kid);
      throw new RegistryError('keys-unavailable', 'the signing keys cannot be read now');
    },
  };
}

// A JWK set in a file, read again when the file has changed. Only tokens that are not yet verified
// come here, so one `stat` each is cheap.
import { readFile, stat } from 'node:fs/promises';
import { RegistryError } from '../registry-error.ts';
import { importKeys, type KeySet, type Keys } from './key-set.ts';

/**
 * A file that is missing or broken while it is replaced leaves the old keys in force.
 * @param report told once of each failure, until a load succeeds
 */
export function fileKeySet(path: string, report: (error: unknown) => void): KeySet {
  let keys: Keys | undefined;
  let seen = '';
  let reported = '';

  function reportOnce(error: unknown): void {
    if (String(error) !== reported) report(error);
    reported = String(error);
  }

  async function refresh(): Promise<void> {
    const { mtimeMs, size, ino } = await stat(path);
    const version = `${mtimeMs}:${size}:${ino}`;
    if (version === seen) return;
    const text = await readFile(path, 'utf8');
    keys = await importKeys(JSON.parse(text));
    seen = version;
    reported = '';
  }

  return {
    async find(kid) {
      await refresh().catch(reportOnce);
      if (keys !== undefined) return keys.get(kid);
      throw new RegistryError('keys-unavailable', 'the signing keys cannot be read now');
    },
  };
}

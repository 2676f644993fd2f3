// The keys that tokens are signed with: that nobody else reads them, and that they are replaced at times.
import { activeKeyOf } from '@portolan/auth';
import { DAY_MS } from '@portolan/tls';
import { readdir, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { type Check, fail, ok, onData, skipped, warn } from '../check.ts';

const OLD_DAYS = 400;

async function exposedFiles(directory: string): Promise<string[]> {
  const exposed: string[] = [];
  for (const file of await readdir(directory)) {
    const path = join(directory, file);
    if (((await stat(path)).mode & 0o077) !== 0) exposed.push(path);
  }
  return exposed;
}

export const keys: Check = onData({
  name: 'keys',
  topic: 'data',
  async run({ storage, settings, clock }) {
    const [exposed] = await exposedFiles(storage.layout.keys);
    if (exposed !== undefined) {
      return fail(`${exposed} can be read by others`, {
        meaning:
          'whoever reads a signing key can push and pull everything; tokens are not issued meanwhile',
        remedy: `\`chmod 600 ${exposed} && portolan key rotate --now\``,
      });
    }
    if (settings.jwks !== undefined) return skipped('tokens come from somebody else');
    const active = activeKeyOf(await storage.signingKeys.list(), clock());
    if (active === undefined) {
      return fail('there is no signing key', {
        meaning: 'nobody can log in',
        remedy: '`portolan key rotate --now`',
      });
    }
    const days = Math.floor((clock() - active.activatesAt) / DAY_MS);
    if (days > OLD_DAYS) {
      return warn(`the signing key is ${days} days old`, {
        meaning: 'a copy that somebody made of it would still be good',
        remedy: '`portolan key rotate`',
      });
    }
    return ok(`private; the one that signs is ${days} days old`);
  },
});

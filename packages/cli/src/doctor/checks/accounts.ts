// Who could help when the administrator is away, and whether the first password still lies about.
import { stat } from 'node:fs/promises';
import { type Check, fail, ok, onData, warn } from '../check.ts';

export const administrators: Check = onData({
  name: 'administrators',
  topic: 'accounts',
  async run({ storage }) {
    const able = (await storage.subjects.list()).filter(
      ({ isAdmin, isDisabled }) => isAdmin && !isDisabled,
    );
    if (able.length > 1) return ok(able.map(({ name }) => name).join(', '));
    return warn(`there is one alone: ${able[0]?.name ?? 'none'}`, {
      meaning: 'when that one is away or the password is lost, it takes a login on this machine',
      remedy: '`portolan user create NAME --admin`',
    });
  },
});

export const firstPassword: Check = onData({
  name: 'first-password',
  topic: 'accounts',
  async run({ storage }) {
    const file = storage.layout.adminPassword;
    const found = await stat(file).catch(() => undefined);
    if (found === undefined) return ok('not kept in a file');
    if ((found.mode & 0o077) !== 0) {
      return fail(`others can read ${file}`, {
        meaning: 'it is the first password of the administrator',
        remedy: `\`portolan user set admin --generate-password && rm ${file}\``,
      });
    }
    return warn(`the generated one is still in ${file}`, {
      meaning:
        'who gets hold of a copy of the data directory is administrator, unless it was changed',
      remedy: `keep it in a password safe, or \`portolan user set admin --generate-password\`; then \`rm ${file}\``,
    });
  },
});

// Credential helpers, as programs in the PATH.
import { chmod, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { delimiter, join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { askCredentialHelper, createAskHelper } from '../../src/logins/credential-helper.ts';

const HELPERS: Readonly<Record<string, string>> = {
  good: `read server; printf '{"ServerURL":"%s","Username":"u","Secret":"of %s"}' "$server" "$server"`,
  empty: `echo 'credentials not found in native keychain'; exit 1`,
  broken: `echo 'c2VjcmV0'; exit 2`,
  garbled: `echo 'c2VjcmV0'`,
  slow: `sleep 2; echo '{"Username":"u","Secret":"s"}'`,
  left: `sleep 2 & echo '{"Username":"u","Secret":"s"}'`,
  endless: `while echo 'y'; do :; done`,
  deaf: `exec 0<&-; echo '{"Username":"u","Secret":"s"}'`,
};

describe('a credential helper', () => {
  let directory: string;
  const path = process.env['PATH'];

  beforeAll(async () => {
    directory = await mkdtemp(join(tmpdir(), 'portolan-helpers-'));
    for (const [name, script] of Object.entries(HELPERS)) {
      const file = join(directory, `docker-credential-${name}`);
      await writeFile(file, `#!/bin/sh\n[ "$1" = get ] || exit 9\n${script}\n`);
      await chmod(file, 0o755);
    }
    process.env['PATH'] = `${directory}${delimiter}${path ?? ''}`;
  });

  afterAll(async () => {
    process.env['PATH'] = path;
    await rm(directory, { recursive: true });
  });

  it('is asked by stdin and answers with a login', async () => {
    expect(await askCredentialHelper('good', 'quay.io')).toEqual({
      username: 'u',
      secret: 'of quay.io',
    });
    expect(await askCredentialHelper('deaf', 'quay.io')).toEqual({ username: 'u', secret: 's' });
  });

  it('may know nothing', async () => {
    expect(await askCredentialHelper('empty', 'quay.io')).toBeUndefined();
  });

  it.each(['broken', 'garbled', 'absent', '../good', 'a b', ''])(
    'that is %s is named, and what it printed is not',
    async (name) => {
      const failure: unknown = await askCredentialHelper(name, 'quay.io').catch((error) => error);
      expect(failure).toMatchObject({ code: 'request-invalid' });
      expect(JSON.stringify([failure, String(failure)])).not.toContain('c2VjcmV0');
    },
  );

  it.each(['slow', 'left'])(
    'that is %s has its time, and no more for what it has started itself',
    async (name) => {
      const ask = createAskHelper({ timeoutMs: 200, maxBytes: 1024 });
      const started = performance.now();
      await expect(ask(name, 'quay.io')).rejects.toMatchObject({ code: 'request-invalid' });
      expect(performance.now() - started).toBeLessThan(1500);
    },
  );

  it('that prints without end is stopped', async () => {
    const ask = createAskHelper({ timeoutMs: 20_000, maxBytes: 1024 });
    await expect(ask('endless', 'quay.io')).rejects.toMatchObject({ code: 'request-invalid' });
  });
});

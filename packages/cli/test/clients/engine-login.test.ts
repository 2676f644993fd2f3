import { RepositoryName } from '@portolan/oci';
import { parseAuthFile } from '@portolan/mirror';
import { describe, expect, it } from 'vitest';
import { findEngineLogin } from '../../src/clients/engine-login.ts';

/** Each key's user is the key itself. */
function authFile(...keys: readonly string[]) {
  const auths = keys.map((key) => [key, { username: key, password: 'secret' }] as const);
  return parseAuthFile(JSON.stringify({ auths: Object.fromEntries(auths) }), 'auth.json');
}

const BUSYBOX = RepositoryName.parse('docker.io/library/busybox');

describe('the login for a repository', () => {
  it.each([
    ['the whole path', ['registry.lan', 'registry.lan/docker.io/library/busybox'], 1],
    ['a namespace', ['registry.lan', 'registry.lan/docker.io', 'registry.lan/quay.io'], 1],
    ['the deeper of two', ['registry.lan/docker.io', 'registry.lan/docker.io/library'], 1],
    ['the host', ['registry.lan/quay.io', 'registry.lan'], 1],
    ['the host in an older key', ['https://registry.lan/v2/'], 0],
  ])('is kept under %s', async (_what, keys, at) => {
    const place = { host: 'registry.lan', repository: BUSYBOX };
    const found = await findEngineLogin([authFile(...keys)], place);
    expect(found?.username).toBe(keys[at]);
  });

  it.each(['registry.lan:443', 'registry.lan:443/docker.io', 'sub.registry.lan', 'docker.io'])(
    'is not that of %s',
    async (key) => {
      const place = { host: 'registry.lan', repository: BUSYBOX };
      expect(await findEngineLogin([authFile(key)], place)).toBeUndefined();
    },
  );

  it('comes from the first file that has one', async () => {
    const files = [
      authFile('quay.io'),
      authFile('registry.lan'),
      authFile('registry.lan/docker.io'),
    ];
    const found = await findEngineLogin(files, { host: 'registry.lan', repository: BUSYBOX });
    expect(found?.username).toBe('registry.lan');
  });
});

describe('the login for a host', () => {
  it('is none that is for a part of it', async () => {
    const place = { host: 'registry.lan', repository: undefined };
    expect(await findEngineLogin([authFile('registry.lan/docker.io')], place)).toBeUndefined();
    const both = authFile('registry.lan/docker.io', 'registry.lan');
    expect((await findEngineLogin([both], place))?.username).toBe('registry.lan');
  });
});

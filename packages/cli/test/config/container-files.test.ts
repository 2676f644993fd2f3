// Where logins, certificates and the proxy come from, as the container tools have it.
import { describe, expect, it } from 'vitest';
import { findContainerFiles, isLoopback, proxyFor } from '../../src/config/container-files.ts';

describe('auth files', () => {
  it.each<[string, Record<string, string>, readonly string[]]>([
    [
      'are in the home directory',
      { HOME: '/home/u' },
      [
        '/run/containers/7/auth.json',
        '/home/u/.config/containers/auth.json',
        '/home/u/.docker/config.json',
      ],
    ],
    [
      'are where the environment says',
      {
        HOME: '/home/u',
        XDG_RUNTIME_DIR: '/run/user/7',
        XDG_CONFIG_HOME: '/c',
        DOCKER_CONFIG: '/d',
      },
      ['/run/user/7/containers/auth.json', '/c/containers/auth.json', '/d/config.json'],
    ],
    ['are the one that is named', { HOME: '/home/u', REGISTRY_AUTH_FILE: '/a.json' }, ['/a.json']],
    ['may be none', {}, ['/run/containers/7/auth.json']],
  ])('%s', (_what, environment, files) => {
    expect(findContainerFiles(environment, 7).authFiles).toEqual(files);
  });
});

describe('the proxy', () => {
  const env = { HTTPS_PROXY: 'http://proxy:3128', NO_PROXY: 'registry.lan, .corp.example,h:5000' };

  it.each([
    ['quay.io', 'http://proxy:3128'],
    ['registry.lan', undefined],
    ['registry.lan:5000', undefined],
    ['a.registry.lan', undefined],
    ['x.corp.example', undefined],
    ['corp.example', undefined],
    ['xcorp.example', 'http://proxy:3128'],
    ['h:5000', undefined],
    ['h:5001', 'http://proxy:3128'],
    ['localhost:5000', undefined],
  ])('of %s is %s', (host, proxy) => {
    expect(proxyFor(host, env)).toBe(proxy);
  });

  it.each([
    [{}, undefined],
    [{ https_proxy: 'proxy:3128' }, 'http://proxy:3128'],
    [{ HTTPS_PROXY: 'http://p', no_proxy: '*' }, undefined],
    [{ HTTPS_PROXY: '' }, undefined],
  ])('of %j is %s', (environment, proxy) => {
    expect(proxyFor('quay.io', environment)).toBe(proxy);
  });
});

describe('this machine', () => {
  it.each(['localhost', 'localhost:5000', '127.0.0.1', '127.1.2.3:80', '[::1]:5000'])(
    'is %s',
    (host) => {
      expect(isLoopback(host)).toBe(true);
    },
  );

  it.each(['127.0.0.1.example', 'localhost.example', '10.0.0.1', '[::2]', '1270.0.0.1'])(
    'is not %s',
    (host) => {
      expect(isLoopback(host)).toBe(false);
    },
  );
});

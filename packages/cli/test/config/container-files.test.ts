// Where logins come from, as the container tools have it.
import { describe, expect, it } from 'vitest';
import { findContainerFiles } from '../../src/config/container-files.ts';

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

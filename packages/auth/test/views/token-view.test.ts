import { Scope, UpstreamHost } from '@portolan/oci';
import { describe, expect, it } from 'vitest';
import { createTokenViews, scopesInView } from '../../src/views/token-view.ts';

const MIRRORED = ['docker.io', 'quay.io', 'localhost_5000'];
const readView = createTokenViews('https://registry.lan', {
  find: async (namespace) => MIRRORED.includes(namespace),
  all: async () => MIRRORED,
});

describe('the view of a token request', () => {
  it.each<[query: string, host: string | undefined]>([
    ['ns=docker.io', 'docker.io'],
    ['ns=registry-1.docker.io', 'docker.io'],
    ['ns=docker.io&ns=index.docker.io', 'docker.io'],
    ['ns=localhost%3A5000', 'localhost:5000'],
    ['ns=localhost_5000', 'localhost:5000'],
    ['ns=ghcr.io', undefined],
    ['ns=docker.io&ns=quay.io', undefined],
    ['ns=docker.io&ns=', undefined],
    ['ns=registry.lan&ns=docker.io', undefined],
    ['ns=', undefined],
    ['ns=library', undefined],
    ['ns=https://quay.io/', undefined],
  ])('%s is of %s', async (query, host) => {
    expect(await readView(new URLSearchParams(query))).toEqual({ host });
  });

  it.each(['', 'scope=x', 'ns=registry.lan', 'ns=registry.lan:443'])(
    '%j is none',
    async (query) => {
      expect(await readView(new URLSearchParams(query))).toBeUndefined();
    },
  );
});

describe('scopes through a view', () => {
  const busybox = 'docker.io/library/busybox';
  it.each<[view: string | undefined, scopes: string, names: readonly string[]]>([
    ['docker.io', 'repository:busybox:pull', [busybox]],
    ['docker.io', 'repository:library/busybox:pull', [busybox]],
    ['docker.io', `repository:${busybox}:pull`, [busybox]],
    ['docker.io', `repository:library/busybox:pull repository:${busybox}:pull`, [busybox]],
    ['docker.io', 'repository:busybox:pull,push,delete', [busybox]],
    ['docker.io', 'repository:busybox:*', [busybox]],
    ['docker.io', 'repository:busybox:push', []],
    ['docker.io', 'repository:busybox: repository:a/b:pull', ['docker.io/a/b']],
    ['docker.io', 'registry:catalog:*', []],
    ['docker.io', 'nonsense repository:UPPER:pull ::', []],
    ['docker.io', `repository:${'x'.repeat(199)}:pull`, []],
    ['quay.io', 'repository:coreos/etcd:pull', ['quay.io/coreos/etcd']],
    ['quay.io', `repository:${busybox}:pull`, [`quay.io/${busybox}`]],
    ['localhost:5000', 'repository:localhost_5000/app:pull', ['localhost_5000/app']],
    [undefined, `repository:${busybox}:pull`, []],
  ])('of %s: %s', (view, scopes, names) => {
    const host = view === undefined ? undefined : UpstreamHost.find(view);
    const expected = names.map((name) => ({ type: 'repository', name, actions: ['pull'] }));
    expect(scopesInView({ host }, Scope.parseAll([scopes]))).toEqual(expected);
  });
});

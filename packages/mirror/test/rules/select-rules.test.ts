import { RepositoryName } from '@portolan/oci';
import type { MirrorRule } from '@portolan/storage';
import { expect, it } from 'vitest';
import { selectRules } from '../../src/rules/select-rules.ts';

const RULES: readonly MirrorRule[] = [
  ['docker.io', 'library/busybox', 'docker.io/library/busybox'],
  ['docker.io', 'grafana/loki', 'docker.io/grafana/loki'],
  ['quay.io', 'coreos/etcd', 'mirror/etcd'],
].map(([upstream = '', path = '', destination = ''], id) => ({
  id,
  upstream,
  path: RepositoryName.parse(path),
  destination: RepositoryName.parse(destination),
  settings: {},
  nextRunAt: undefined,
  createdAt: 0,
  updatedAt: 0,
}));

it.each<[string, readonly string[], readonly number[]]>([
  ['nothing', [], [0, 1, 2]],
  ['a destination', ['mirror/etcd'], [2]],
  ["an upstream's name", ['quay.io/coreos/etcd'], [2]],
  ['a short name', ['busybox'], [0]],
  ['a host', ['docker.io'], [0, 1]],
  ['a star within one part', ['docker.io/*/loki'], [1]],
  ['a star that would have to cross a slash', ['docker.io/*'], []],
  ['two stars across parts', ['docker.io/**'], [0, 1]],
  ['several', ['mirror/*', 'busybox'], [0, 2]],
  ['what nobody is called', ['nobody'], []],
  ['a name with a dot, which is no wildcard', ['docker-io/library/busybox'], []],
])('%s', (_, selectors, ids) => {
  expect(selectRules(RULES, selectors).map(({ id }) => id)).toEqual(ids);
});

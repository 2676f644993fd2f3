import { Digest, RepositoryName, Tag } from '@portolan/oci';
import type { MirrorRule } from '@portolan/storage';
import { describe, expect, it } from 'vitest';
import { narrowingOf, selectRules } from '../../src/rules/select-rules.ts';
import { parseSelectors } from '../../src/selection/selectors.ts';

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
  ['one of its images', ['busybox:musl'], [0]],
  ['what nobody is called', ['nobody'], []],
  ['a name with a dot, which is no wildcard', ['docker-io/library/busybox'], []],
])('%s', (_, selectors, ids) => {
  expect(selectRules(RULES, parseSelectors(selectors)).map(({ id }) => id)).toEqual(ids);
});

describe('of a rule', () => {
  const [rule] = RULES;
  const etcd = RULES[2];

  it.each([['busybox'], ['docker.io'], ['**'], ['busybox:musl', 'docker.io/library/*']])(
    'all is meant by %s',
    (...selectors) => {
      if (rule === undefined) throw new Error('there is no rule');
      expect(narrowingOf(rule, parseSelectors(selectors))).toBeUndefined();
    },
  );

  it('some images are meant by tags, whichever of its two names is before them', () => {
    if (etcd === undefined) throw new Error('there is no rule');
    const isMeant = narrowingOf(etcd, parseSelectors(['quay.io/coreos/etcd:v3.*', 'mirror/*:v1']));
    const tags = ['v3.5', 'v1', 'v2'].map((tag) => Tag.parse(tag));
    expect(tags.filter((tag) => isMeant?.({ tag }))).toEqual(['v3.5', 'v1']);
  });

  it('an image without a tag is meant by its digest, or by the tag that it has here', () => {
    if (rule === undefined) throw new Error('there is no rule');
    const digest = Digest.parse(`sha256:${'b'.repeat(64)}`);
    const image = {
      tag: Tag.parse(`sha256.${'b'.repeat(64)}`),
      reference: { kind: 'digest', digest },
    } as const;
    for (const selector of [`busybox@${digest}`, 'busybox:sha256.b*']) {
      expect(narrowingOf(rule, parseSelectors([selector]))?.(image), selector).toBe(true);
    }
  });
});

// One language for what people call images: names, hosts, globs, tags, digests.
import { Digest, Tag } from '@portolan/oci';
import { describe, expect, it } from 'vitest';
import { parseSelectors } from '../../src/selection/selectors.ts';

const DIGEST = `sha256:${'a'.repeat(64)}`;

/** As they are called here, upstream, or by nobody. */
const NAMES = [
  'docker.io/library/busybox',
  'docker.io/grafana/loki',
  'quay.io/coreos/etcd',
  'localhost:5000/tools/jq',
  'localhost_5000/tools/jq',
  'team/app',
  'busybox',
] as const;

function tagged(repository: string, tag: string) {
  return { repository, reference: { kind: 'tag', tag: Tag.parse(tag) } as const };
}

describe('a selector', () => {
  it.each<[what: string, selectors: readonly string[], names: readonly number[]]>([
    ['nothing is everything', [], [0, 1, 2, 3, 4, 5, 6]],
    ['a full name', ['quay.io/coreos/etcd'], [2]],
    ['a short name, and what is called so here', ['busybox'], [0, 6]],
    ['another name of the same registry', ['index.docker.io/library/busybox'], [0]],
    ['a host in another case', ['Docker.io/library/busybox'], [0]],
    ['a host alone', ['docker.io'], [0, 1]],
    ['a host with a port alone', ['localhost:5000'], [3, 4]],
    ['its namespace here', ['localhost_5000'], [3, 4]],
    ['a name at a host with a port', ['localhost:5000/tools/jq'], [3, 4]],
    ['a glob at a host with a port', ['localhost:5000/tools/*'], [3, 4]],
    ['a star within one part', ['docker.io/*/loki'], [1]],
    ['a star that would have to cross a slash', ['docker.io/*'], []],
    ['two stars across parts', ['docker.io/**'], [0, 1]],
    ['a glob that begins with stars', ['**/jq'], [3, 4]],
    ['a question mark', ['quay.io/coreos/etc?'], [2]],
    ['several', ['team/*', 'quay.io'], [2, 5]],
    ['a namespace that is no host', ['team'], []],
    ['a dot, which is no wildcard', ['docker-io/library/busybox'], []],
  ])('%s', (_what, selectors, names) => {
    const selector = parseSelectors(selectors);
    const meant = names.map((index) => NAMES[index]);
    expect(NAMES.filter((name) => selector.matchesRepository(name))).toEqual(meant);
    expect(NAMES.filter((name) => selector.takesWhole(name))).toEqual(meant);
  });

  it.each<[selector: string, name: string, tag: string, isMeant: boolean]>([
    ['busybox:musl', 'docker.io/library/busybox', 'musl', true],
    ['busybox:musl', 'docker.io/library/busybox', 'glibc', false],
    ['busybox:1.*', 'docker.io/library/busybox', '1.36.1', true],
    ['busybox:1.*', 'docker.io/library/busybox', '2.0', false],
    ['busybox:5000', 'docker.io/library/busybox', '5000', true],
    ['docker.io/**:v?', 'docker.io/grafana/loki', 'v2', true],
    ['docker.io/**:v?', 'docker.io/grafana/loki', 'v2.0', false],
    ['localhost:5000/tools/jq:1', 'localhost_5000/tools/jq', '1', true],
    ['**:Release', 'team/app', 'Release', true],
  ])('%s means %s:%s: %s', (selector, name, tag, isMeant) => {
    const parsed = parseSelectors([selector]);
    expect(parsed.matches(tagged(name, tag))).toBe(isMeant);
    expect(parsed.matchesRepository(name)).toBe(true);
    expect(parsed.takesWhole(name)).toBe(false);
  });

  it('with a digest means what has no tag', () => {
    const selector = parseSelectors([`busybox@${DIGEST}`]);
    const repository = 'docker.io/library/busybox';
    const reference = { kind: 'digest', digest: Digest.parse(DIGEST) } as const;
    expect(selector.matches({ repository, reference })).toBe(true);
    expect(selector.matches(tagged(repository, 'musl'))).toBe(false);
    expect(parseSelectors(['busybox:musl']).matches({ repository, reference })).toBe(false);
  });

  it('takes the whole of a repository when one of several does', () => {
    const selector = parseSelectors(['busybox:musl', 'docker.io']);
    expect(selector.takesWhole('docker.io/library/busybox')).toBe(true);
  });

  it.each([
    '',
    'docker.io/',
    '/busybox',
    'a//b',
    'docker://busybox',
    'Team/App',
    'busybox:',
    'busybox:a/b*:c',
    'busybox@sha256',
    'busy box',
    'a'.repeat(401),
    '[::1',
  ])('%j is refused', (text) => {
    expect(() => parseSelectors([text])).toThrow(
      expect.objectContaining({ code: 'request-invalid' }),
    );
  });
});

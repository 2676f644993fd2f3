import { DomainError, RepositoryName } from '@portolan/oci';
import {
  assert,
  constantFrom,
  integer,
  oneof,
  option,
  property,
  string,
  stringMatching,
  tuple,
} from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  destinationOf,
  formatUpstreamName,
  parseUpstreamHost,
  parseUpstreamName,
} from '../../src/names/upstream-name.ts';

const SHA = `sha256:${'0123456789abcdef'.repeat(4)}`;

const SAME: readonly (readonly [typed: string, full: string])[] = [
  ['busybox', 'docker.io/library/busybox'],
  ['busybox:musl', 'docker.io/library/busybox:musl'],
  ['busybox:5000', 'docker.io/library/busybox:5000'],
  ['grafana/grafana', 'docker.io/grafana/grafana'],
  ['docker.io/busybox', 'docker.io/library/busybox'],
  ['docker.io/library/busybox', 'docker.io/library/busybox'],
  ['index.docker.io/busybox', 'docker.io/library/busybox'],
  ['registry-1.docker.io/library/busybox', 'docker.io/library/busybox'],
  ['Docker.IO/a/b', 'docker.io/a/b'],
  ['docker.io:443/a/b', 'docker.io/a/b'],
  ['quay.io/coreos/etcd:v3.1', 'quay.io/coreos/etcd:v3.1'],
  ['QUAY.io/coreos/etcd', 'quay.io/coreos/etcd'],
  ['quay.io:443/coreos/etcd', 'quay.io/coreos/etcd'],
  ['registry.lan:80/a', 'registry.lan:80/a'],
  ['registry.lan:05000/a', 'registry.lan:5000/a'],
  ['quay.io/single', 'quay.io/single'],
  ['quay.io', 'docker.io/library/quay.io'],
  ['localhost/a', 'localhost/a'],
  ['localhost:5000/a/b', 'localhost:5000/a/b'],
  ['localhost:443/a', 'localhost/a'],
  ['myhost:443/a', 'myhost:443/a'],
  ['127.0.0.1:5000/a:b', '127.0.0.1:5000/a:b'],
  ['[::1]:5000/a', '[::1]:5000/a'],
  ['xn--bcher-kva.example/a', 'xn--bcher-kva.example/a'],
  [`busybox@${SHA}`, `docker.io/library/busybox@${SHA}`],
  [`quay.io/a/b:v1@${SHA}`, `quay.io/a/b@${SHA}`],
];

const REFUSED: readonly string[] = [
  '',
  ':musl',
  'busybox:',
  'busybox@',
  'busybox@sha256:abc',
  'busybox@md5:d41d8cd98f00b204e9800998ecf8427e',
  `busybox:-bad@${SHA}`,
  `busybox@${SHA}@${SHA}`,
  'Busybox',
  'MyHost/a',
  'docker.io/',
  'quay.io/',
  '/a',
  'a//b',
  'quay.io/../etc',
  'quay.io/a/..%2fb',
  'quay.io:0/a',
  'quay.io:70000/a',
  'quay.io:x/a',
  '-a.example/b',
  'a..example/b',
  'exa_mple.com/b',
  'user@quay.io/a',
  'user:password@quay.io/a',
  'https://quay.io/a/b',
  'docker://busybox',
  'quay.io\\a/b',
  'quay.io/a b',
  'quay.io/a\0',
  'quay.io/a?x=1',
  `quay.io/${'a'.repeat(300)}`,
];

describe('upstream names', () => {
  it.each(SAME)('reads %s as %s', (typed, full) => {
    expect(formatUpstreamName(parseUpstreamName(typed))).toBe(full);
    expect(formatUpstreamName(parseUpstreamName(full))).toBe(full);
  });

  it.each(REFUSED)('refuses %j and says what to do', (text) => {
    let thrown: unknown;
    try {
      parseUpstreamName(text);
    } catch (error) {
      thrown = error;
    }
    expect(thrown).toBeInstanceOf(DomainError);
    expect(thrown).toMatchObject({ code: 'request-invalid', detail: { hint: /./ } });
  });

  it('read back what they were formatted from', () => {
    const label = stringMatching(/^[a-z0-9]([a-z0-9-]{0,8}[a-z0-9])?$/);
    const host = tuple(label, label, option(integer({ min: 1, max: 65_535 })));
    const path = stringMatching(/^[a-z0-9]{1,8}(\/[a-z0-9]{1,8}([._-][a-z0-9]{1,4})?){1,3}$/);
    const reference = constantFrom('', ':v1', ':_.-', `@${SHA}`);
    assert(
      property(host, path, reference, ([a, b, port], name, ref) => {
        const at = `${a}.${b}${port === null || port === 443 ? '' : `:${port}`}`;
        const text = `${at}/${name}${ref}`;
        expect(formatUpstreamName(parseUpstreamName(text))).toBe(text);
      }),
    );
  });

  it('never give a path or host outside their grammars, whatever is typed', () => {
    assert(
      property(oneof(string(), stringMatching(/^[a-zA-Z.:/@[\]_-]{0,40}$/)), (text) => {
        try {
          const { host, path } = parseUpstreamName(text);
          expect(RepositoryName.find(path)).toBe(path);
          expect(parseUpstreamHost(host)).toBe(host);
        } catch (error) {
          expect(error).toMatchObject({ code: 'request-invalid' });
        }
      }),
      { numRuns: 500 },
    );
  });
});

describe('destinations', () => {
  it.each([
    ['busybox', 'docker.io/library/busybox'],
    ['quay.io/coreos/etcd', 'quay.io/coreos/etcd'],
    ['localhost:5000/a/b', 'localhost_5000/a/b'],
    ['registry.lan:80/a', 'registry.lan_80/a'],
  ])('put %s at %s', (upstream, destination) => {
    expect(destinationOf(parseUpstreamName(upstream))).toBe(destination);
  });

  it.each(['[::1]:5000/a', `${'h'.repeat(60)}.example/${'a'.repeat(199)}`])(
    'refuse %s, which cannot be a repository name',
    (upstream) => {
      expect(() => destinationOf(parseUpstreamName(upstream))).toThrow(
        expect.objectContaining({ code: 'request-invalid' }),
      );
    },
  );
});

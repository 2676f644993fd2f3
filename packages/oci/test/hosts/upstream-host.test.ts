import { describe, expect, it } from 'vitest';
import { UpstreamHost } from '../../src/hosts/upstream-host.ts';

function host(text: string): UpstreamHost {
  const found = UpstreamHost.find(text);
  if (found === undefined) throw new Error(`${text} is no host`);
  return found;
}

describe('a host of another registry', () => {
  it.each([
    ['quay.io', 'quay.io'],
    ['QUAY.IO', 'quay.io'],
    ['quay.io:443', 'quay.io'],
    ['quay.io:80', 'quay.io:80'],
    ['index.docker.io', 'docker.io'],
    ['registry-1.docker.io', 'docker.io'],
    ['registry-1.docker.io:443', 'docker.io'],
    ['localhost:5000', 'localhost:5000'],
    ['[::1]:5000', '[::1]:5000'],
  ])('%s is %s', (text, canonical) => {
    expect(UpstreamHost.find(text)).toBe(canonical);
  });

  it.each([
    '',
    'a/b',
    'a b',
    'host:0',
    'host:65536',
    'host:x',
    '-a.io',
    'a..b',
    'user@quay.io',
    'ä.io',
  ])('%j is none', (text) => {
    expect(UpstreamHost.find(text)).toBeUndefined();
  });

  it.each([
    ['docker.io', 'busybox', 'docker.io/library/busybox'],
    ['docker.io', 'library/busybox', 'docker.io/library/busybox'],
    ['quay.io', 'busybox', 'quay.io/busybox'],
    ['localhost:5000', 'a/b', 'localhost_5000/a/b'],
    ['[::1]:5000', 'a', undefined],
    ['quay.io', 'UPPER', undefined],
  ])('%s holds %s at %s here', (text, path, repository) => {
    expect(UpstreamHost.repository(host(text), path)).toBe(repository);
  });

  it.each([
    ['docker.io', 'docker-io'],
    ['localhost:5000', 'localhost-5000'],
    ['registry.example.com:8443', 'registry-example-com-8443'],
    ['[::1]:5000', undefined],
    [`${'a'.repeat(60)}.example.com`, undefined],
  ])('%s has the label %s', (text, label) => {
    expect(UpstreamHost.labelOf(host(text))).toBe(label);
  });

  it.each([
    ['docker.io', 'docker.io'],
    ['localhost_5000', 'localhost:5000'],
    ['registry.example.com_8443', 'registry.example.com:8443'],
    ['index.docker.io', undefined],
    ['quay.io_443', undefined],
    ['library', undefined],
    ['team_1', 'team:1'],
    ['', undefined],
  ])('the namespace %s is that of %s', (namespace, expected) => {
    expect(UpstreamHost.ofNamespace(namespace)).toBe(expected);
  });

  it.each([
    ['docker.io', 'docker.io'],
    ['Index.Docker.IO', 'docker.io'],
    ['localhost_5000', 'localhost:5000'],
    ['localhost:5000', 'localhost:5000'],
    ['localhost', 'localhost'],
    ['quay.io_443', 'quay.io'],
    ['library', undefined],
    ['', undefined],
    ['quay.io/coreos', undefined],
  ])('%j as a whole path part names %s', (text, expected) => {
    expect(UpstreamHost.named(text)).toBe(expected);
  });

  it.each([
    ['docker.io', 'docker.io/library/busybox', 'library/busybox'],
    ['docker.io', 'registry-1.docker.io/busybox', 'busybox'],
    ['docker.io', 'library/busybox', 'library/busybox'],
    ['docker.io', 'docker.io', 'docker.io'],
    ['docker.io', 'quay.io/coreos/etcd', 'quay.io/coreos/etcd'],
    ['quay.io', 'quay.io/quay.io/etcd', 'quay.io/etcd'],
    ['localhost:5000', 'localhost_5000/app', 'app'],
  ])('at %s, %s is %s', (text, path, expected) => {
    expect(UpstreamHost.unprefixed(host(text), path)).toBe(expected);
  });
});

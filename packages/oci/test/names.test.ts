import { describe, expect, it } from 'vitest';
import { isNamespaceName, MediaType, Reference, RepositoryName, Tag } from '../src/index.ts';

describe('RepositoryName', () => {
  it.each([
    ['busybox', ''],
    ['docker.io/library/busybox', 'docker.io'],
    ['a/b/c/d', 'a'],
    ['a_b/c__d/e---f/g.h', 'a_b'],
    ['foo/manifests/bar/blobs/uploads/tags', 'foo'],
    ['a'.repeat(200), ''],
  ])('accepts %s in namespace %j', (text, namespace) => {
    expect(RepositoryName.namespace(RepositoryName.parse(text))).toBe(namespace);
  });

  it.each([
    '',
    '/',
    'a/',
    '/a',
    'a//b',
    'A',
    'a/B',
    '-a',
    'a-',
    '.a',
    'a..b',
    'a___b',
    '_a',
    'a/_oci/ext',
    'a/../b',
    'a%2fb',
    'a\u0000',
    'ä',
    'a b',
    'a'.repeat(201),
  ])('refuses %j', (text) => {
    expect(() => RepositoryName.parse(text)).toThrow(
      expect.objectContaining({ code: 'name-invalid' }),
    );
  });

  it('takes linear time on text that makes a backtracking pattern explode', () => {
    expect(RepositoryName.find(`${'a-'.repeat(99)}!`)).toBeUndefined();
  });
});

describe('isNamespaceName', () => {
  it.each([
    ['quay.io', true],
    ['localhost_5000', true],
    ['a/b', false],
    ['', false],
    ['A', false],
  ])('%j is %s', (text, expected) => expect(isNamespaceName(text)).toBe(expected));
});

describe('Tag', () => {
  it.each(['latest', 'v1.2.3', '_x', 'A-b_c.d', 'x'.repeat(128)])('accepts %s', (text) => {
    expect(Tag.parse(text)).toBe(text);
  });

  it.each(['', '.a', '-a', 'a/b', 'a:b', 'a b', 'x'.repeat(129), 'a\n', 'a%00'])(
    'refuses %j',
    (text) => {
      expect(Tag.find(text)).toBeUndefined();
      expect(() => Tag.parse(text)).toThrow(expect.objectContaining({ code: 'tag-invalid' }));
    },
  );
});

describe('Reference', () => {
  it('is a digest when it holds a colon, and a tag otherwise', () => {
    expect(Reference.parse('latest')).toEqual({ kind: 'tag', tag: 'latest' });
    const digest = `sha256:${'a'.repeat(64)}`;
    expect(Reference.parse(digest)).toEqual({ kind: 'digest', digest });
  });

  it('refuses a malformed digest as a digest, never as a tag', () => {
    expect(() => Reference.parse('sha256:baddigeststring')).toThrow(
      expect.objectContaining({ code: 'digest-invalid' }),
    );
  });
});

describe('MediaType', () => {
  it('drops parameters and case', () => {
    expect(MediaType.parse('Application/JSON; charset=utf-8')).toBe('application/json');
  });

  it.each(['', 'json', 'a/', '/b', 'a/b/c', 'a b/c'])('refuses %j', (text) => {
    expect(() => MediaType.parse(text)).toThrow(
      expect.objectContaining({ code: 'media-type-invalid' }),
    );
  });
});

// skopeo's source file: what it means, and that nothing wrong in it is passed over.
import { Tag } from '@portolan/oci';
import { describe, expect, it } from 'vitest';
import { parseSkopeoSource, type SkopeoSelection } from '../../src/skopeo/yaml-source.ts';

const DIGEST = `sha256:${'ab'.repeat(32)}`;

/** skopeo-sync(1)'s own example, in its three sections. */
const EXAMPLE = `
registry.example.com:
  images:
    busybox: []
    redis:
      - "1.0"
      - 2.10
      - ${DIGEST}
  images-by-tag-regex:
    nginx: ^1\\.13\\.[12]-alpine-perl$
  images-by-semver:
    alpine: ">= 3.12.0"
  credentials:
    username: john
    password: this is a secret
  tls-verify: true
  cert-dir: /home/john/certs
quay.io:
  tls-verify: false
  images:
    coreos/etcd:
      - latest
    coreos/flannel:
docker.io:
  images:
    busybox: [musl]
`;

function shown(selection: SkopeoSelection) {
  if (selection.kind === 'all') return 'all';
  if (selection.kind !== 'listed') return `${selection.kind} ${selection.text}`;
  return selection.references.map((one) => (one.kind === 'tag' ? one.tag : one.digest));
}

describe("skopeo's source file", () => {
  it('is read as skopeo does', () => {
    const { registries, problems } = parseSkopeoSource(EXAMPLE);
    expect(problems).toEqual([]);
    const [first, quay, hub] = registries;
    expect(first).toMatchObject({
      host: 'registry.example.com',
      credentials: { username: 'john', password: 'this is a secret' },
      verifiesTls: true,
      certDirectory: '/home/john/certs',
    });
    const paths = first?.repositories.map(({ upstream, selection }) => [
      upstream.path,
      shown(selection),
    ]);
    expect(paths).toEqual([
      ['busybox', 'all'],
      ['redis', ['1.0', '2.10', DIGEST]],
      ['nginx', 'regex ^1\\.13\\.[12]-alpine-perl$'],
      ['alpine', 'semver >= 3.12.0'],
    ]);
    expect(quay).toMatchObject({ verifiesTls: false, credentials: undefined });
    expect(quay?.repositories.map(({ selection }) => shown(selection))).toEqual([
      ['latest'],
      'all',
    ]);
    expect(hub).toMatchObject({ host: 'docker.io', verifiesTls: undefined });
    expect(hub?.repositories[0]?.upstream.path).toBe('library/busybox');
  });

  it.each([
    ['images-by-tag-regex', '1.2', ['1.2', '11.23', 'v1x2-rc'], ['2.1', 'latest']],
    ['images-by-tag-regex', '^v1', ['v1', 'v1.2'], ['xv1']],
    ['images-by-semver', '>=1.36', ['1.36', 'v1.37.2', '2'], ['1.35', '1.36-musl', 'latest']],
    ['images-by-semver', '>=1.2, <2', ['v1.2', '1.9.9'], ['2.0.0', '1.1']],
    ['images-by-semver', '~1.2 || 3.x', ['1.2.9', '3.1'], ['1.3', '2']],
  ])('%s %j takes %j and leaves %j', (section, text, taken, left) => {
    const { registries } = parseSkopeoSource(`q.io: {${section}: {a: '${text}'}}`);
    const selection = registries[0]?.repositories[0]?.selection;
    const matches = (tag: string): boolean =>
      selection !== undefined && 'matches' in selection && selection.matches(Tag.parse(tag));
    expect(taken.filter(matches)).toEqual(taken);
    expect(left.filter(matches)).toEqual([]);
  });

  it('takes merge keys', () => {
    const { registries, problems } = parseSkopeoSource(
      'a.io: &base {tls-verify: false, images: {x: [1]}}\nb.io: {<<: *base}',
    );
    expect(problems).toEqual([]);
    expect(registries.map(({ verifiesTls }) => verifiesTls)).toEqual([false, false]);
  });

  it.each([
    ['an empty file', '', ['the file is not a map of registries']],
    ['a list', '- a', ['the file is not a map of registries']],
    ['no YAML', 'a: [', [expect.stringContaining('the file is not YAML: Flow')]],
    ['a file of something else, once', '# a\n[b](c)\n- `d`\n%: @\n```\n', [expect.any(String)]],
    ['a key twice', 'q.io: {images: {a: [], a: []}}', [expect.stringContaining('unique')]],
    ['an unknown key', 'q.io: {images: {a: []}, image: {}}', ['q.io.image: is not known']],
    ['a registry of nothing', 'q.io: {tls-verify: true}', ['q.io: names no images']],
    ['a registry of empty maps', 'q.io: {images: {}}', ['q.io: names no images']],
    ['a registry without a map', 'q.io: [a]', ['q.io: is not a map']],
    [
      'a malformed expression',
      'q.io: {images-by-tag-regex: {a: "(["}}',
      [expect.stringMatching(/^q\.io\.images-by-tag-regex\.a: regular expression is malformed/)],
    ],
    [
      'a malformed range',
      'q.io: {images-by-semver: {a: nonsense}}',
      ['q.io.images-by-semver.a: semver range is malformed'],
    ],
    [
      'a malformed name',
      'q.io: {images: {A/b: []}}',
      [expect.stringMatching(/^q\.io\.images\.A\/b: image name is malformed/)],
    ],
    [
      'an image for a repository',
      'q.io: {images: {"a:1": []}}',
      ['q.io.images.a:1: names an image, not a repository'],
    ],
    [
      'a malformed tag',
      'q.io: {images: {a: [ok, "-bad"]}}',
      ['q.io.images.a[1]: tag is malformed'],
    ],
    [
      'a tag that is a map',
      'q.io: {images: {a: [{b: c}]}}',
      ['q.io.images.a[0]: is neither a tag nor a digest'],
    ],
    [
      'tags that are no list',
      'q.io: {images: {a: latest}}',
      ['q.io.images.a: is not a list of tags and digests'],
    ],
    [
      'half of the credentials',
      'q.io: {images: {a: []}, credentials: {username: u, pass: p}}',
      ['q.io.credentials.pass: is not known', 'q.io.credentials: needs a username and a password'],
    ],
    [
      'a tls-verify that is neither',
      'q.io: {images: {a: []}, tls-verify: maybe}',
      ['q.io.tls-verify: is neither true nor false'],
    ],
    [
      'everything at once',
      'q.io: {images: {a: ["-x"]}, foo: 1}\nr_.io: {images: {b: []}}',
      [
        'q.io.foo: is not known',
        'q.io.images.a[0]: tag is malformed',
        expect.stringMatching(/^r_\.io: registry host is malformed/),
        expect.stringMatching(/^r_\.io\.images\.b: /),
      ],
    ],
  ])('finds %s', (_what, text, problems) => {
    expect(parseSkopeoSource(text).problems).toEqual(problems);
  });
});

import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { createRouteMatcher } from '../../src/http/match-route.ts';
import { ROUTES } from '../../src/http/routes.ts';

const match = createRouteMatcher(ROUTES);
const HEX = 'a'.repeat(64);

/** `pattern name parameter`, with the pattern of the routes that were found. */
function found(path: string): (string | undefined)[] | undefined {
  const result = match(path);
  if (result === undefined) return undefined;
  const [route] = result.routes.values();
  return [route?.pattern, result.name, result.parameter];
}

const MANIFEST = '/v2/<name>/manifests/<reference>';
const BLOB = '/v2/<name>/blobs/<digest>';
const UPLOADS = '/v2/<name>/blobs/uploads/';
const UPLOAD = '/v2/<name>/blobs/uploads/<id>';
const TAGS = '/v2/<name>/tags/list';
const REFERRERS = '/v2/<name>/referrers/<digest>';
const DISCOVER_IN = '/v2/<name>/_oci/ext/discover';

describe('createRouteMatcher', () => {
  it.each<[string, string, string | undefined, string]>([
    ['/v2/', '/v2/', undefined, ''],
    ['/v2', '/v2/', undefined, ''],
    ['/v2/_catalog', '/v2/_catalog', undefined, ''],
    ['/v2/_oci/ext/discover', '/v2/_oci/ext/discover', undefined, ''],
    ['/v2/a/_oci/ext/discover', DISCOVER_IN, 'a', ''],
    ['/v2/a/manifests/latest', MANIFEST, 'a', 'latest'],
    ['/v2/a/b/c/manifests/latest', MANIFEST, 'a/b/c', 'latest'],
    [`/v2/a/manifests/sha256:${HEX}`, MANIFEST, 'a', `sha256:${HEX}`],
    [`/v2/a/manifests/sha256%3A${HEX}`, MANIFEST, 'a', `sha256:${HEX}`],
    [`/v2/a/blobs/sha256:${HEX}`, BLOB, 'a', `sha256:${HEX}`],
    ['/v2/a/blobs/uploads/', UPLOADS, 'a', ''],
    ['/v2/a/blobs/uploads', UPLOADS, 'a', ''],
    ['/v2/a/blobs/uploads/id', UPLOAD, 'a', 'id'],
    ['/v2/a/tags/list', TAGS, 'a', ''],
    ['/v2/a/referrers/x', REFERRERS, 'a', 'x'],
    // Names that hold the words of the API.
    ['/v2/manifests/manifests/manifests', MANIFEST, 'manifests', 'manifests'],
    ['/v2/a/manifests/b/manifests/c', MANIFEST, 'a/manifests/b', 'c'],
    ['/v2/a/blobs/uploads/manifests/c', MANIFEST, 'a/blobs/uploads', 'c'],
    ['/v2/a/tags/list/manifests/c', MANIFEST, 'a/tags/list', 'c'],
    ['/v2/blobs/uploads/blobs/uploads/', UPLOADS, 'blobs/uploads', ''],
    ['/v2/blobs/uploads/blobs/uploads/id', UPLOAD, 'blobs/uploads', 'id'],
    ['/v2/a/manifests/blobs/uploads', UPLOADS, 'a/manifests', ''],
    ['/v2/a/blobs/tags/list', TAGS, 'a/blobs', ''],
    ['/v2/tags/list/tags/list', TAGS, 'tags/list', ''],
    ['/v2/a/blobs/uploads/blobs/x', BLOB, 'a/blobs/uploads', 'x'],
    ['/v2/a/blobs/uploads/referrers/x', REFERRERS, 'a/blobs/uploads', 'x'],
    // Not names, and passed on as they are.
    ['/v2//manifests/x', MANIFEST, '', 'x'],
    ['/v2/a//b/manifests/x', MANIFEST, 'a//b', 'x'],
    ['/v2/a%2Fb/manifests/x', MANIFEST, 'a%2Fb', 'x'],
    ['/v2/a/../b/manifests/x', MANIFEST, 'a/../b', 'x'],
    ['/v2/../manifests/x', MANIFEST, '..', 'x'],
    ['/v2/a/manifests/..', MANIFEST, 'a', '..'],
    ['/v2/a/manifests/%2e%2e', MANIFEST, 'a', '..'],
    ['/v2/a/manifests/%zz', MANIFEST, 'a', '%zz'],
  ])('finds %s', (path, pattern, name, parameter) => {
    expect(found(path)).toEqual([pattern, name, parameter]);
  });

  it.each([
    '',
    '/',
    '*',
    '/v1/',
    '/v2x',
    '/V2/',
    'http://host/v2/',
    '/v2/a',
    '/v2/a/b',
    '/v2/manifests/x',
    '/v2/tags/list',
    '/v2/blobs/uploads/',
    '/v2/a/manifests/',
    '/v2/a/manifests/x/',
    '/v2/a/manifests/x/y',
    '/v2/a/Manifests/x',
    '/v2/a/blobs/',
    '/v2/a/blobs/uploads//',
    '/v2/a/blobs/uploads/id/',
    '/v2/a/tags',
    '/v2/a/tags/list/',
    '/v2/a/tags/latest',
    '/v2/a/referrers/',
    '/v2/_catalog/',
  ])('finds nothing at "%s"', (path) => {
    expect(found(path)).toBeUndefined();
  });

  it('gives every name back that its grammar allows', () => {
    const part = fc.constantFrom('a', 'b1', 'blobs', 'manifests', 'tags', 'list', 'uploads', 'x-y');
    const name = fc.array(part, { minLength: 1, maxLength: 6 }).map((parts) => parts.join('/'));
    fc.assert(
      fc.property(name, (n) => {
        expect(found(`/v2/${n}/manifests/v1`)).toEqual([MANIFEST, n, 'v1']);
        expect(found(`/v2/${n}/blobs/sha256:x`)).toEqual([BLOB, n, 'sha256:x']);
        expect(found(`/v2/${n}/blobs/uploads/`)).toEqual([UPLOADS, n, '']);
        expect(found(`/v2/${n}/tags/list`)).toEqual([TAGS, n, '']);
        expect(found(`/v2/${n}/referrers/x`)).toEqual([REFERRERS, n, 'x']);
      }),
    );
  });
});

describe('the route table', () => {
  it('names every route once, and every pair of method and pattern once', () => {
    const names = ROUTES.map(({ name }) => name);
    const pairs = ROUTES.map(({ method, pattern }) => `${method} ${pattern}`);
    expect(new Set(names).size).toBe(names.length);
    expect(new Set(pairs).size).toBe(pairs.length);
  });

  it('asks for more than pull wherever something is changed', () => {
    const writes = ROUTES.filter(({ method }) => method !== 'GET' && method !== 'HEAD');
    for (const { access } of writes) expect(['push', 'upload', 'delete']).toContain(access);
  });
});

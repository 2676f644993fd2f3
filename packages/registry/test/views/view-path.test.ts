import { describe, expect, it } from 'vitest';
import { isRegistryTarget } from '../../src/views/view-path.ts';

describe('a listener that registry and token service share', () => {
  it.each([
    '/v2',
    '/v2/',
    '/v2?ns=docker.io',
    '/v2/_catalog',
    '/docker.io/v2',
    '/docker.io/v2/',
    '/docker.io/v2?n=1',
    '/docker.io/v2/library/busybox/manifests/musl',
    '/localhost:5000/v2/',
    '/localhost_5000/v2/',
    '/localhost%3A5000/v2/',
  ])('gives %s to the registry', (target) => {
    expect(isRegistryTarget(target)).toBe(true);
  });

  it.each([
    '/',
    '/token',
    '/token?ns=docker.io',
    '/token/v2/',
    '/jwks',
    '/livez',
    '/readyz',
    '/ca.crt',
    '/ca.crt.sha256',
    '/api/v2/',
    '/api/v1/docker.io/v2/',
    '/assets/v2/x',
    '/v20/',
    '/docker.io',
    '/docker.io/v20/',
    '/docker.io/v1/v2/',
    '/a/docker.io/v2/',
    '//v2/',
    '/%zz.io/v2/',
    '/?x=/docker.io/v2/',
    'http://docker.io/v2/',
  ])('leaves %s to the token service', (target) => {
    expect(isRegistryTarget(target)).toBe(false);
  });
});

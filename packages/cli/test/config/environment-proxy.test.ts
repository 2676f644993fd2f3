// Which registries are reached through the proxy of the environment, and which are not.
import { describe, expect, it } from 'vitest';
import { proxyFor } from '../../src/config/environment-proxy.ts';

describe('the proxy', () => {
  const env = { HTTPS_PROXY: 'http://proxy:3128', NO_PROXY: 'registry.lan, .corp.example,h:5000' };

  it.each([
    ['quay.io', 'http://proxy:3128'],
    ['registry.lan', undefined],
    ['registry.lan:5000', undefined],
    ['a.registry.lan', undefined],
    ['x.corp.example', undefined],
    ['corp.example', undefined],
    ['xcorp.example', 'http://proxy:3128'],
    ['h:5000', undefined],
    ['h:5001', 'http://proxy:3128'],
    ['localhost:5000', undefined],
  ])('of %s is %s', (host, proxy) => {
    expect(proxyFor(host, env)).toBe(proxy);
  });

  it.each([
    [{}, undefined],
    [{ https_proxy: 'proxy:3128' }, 'http://proxy:3128'],
    [{ HTTPS_PROXY: 'http://p', no_proxy: '*' }, undefined],
    [{ HTTPS_PROXY: '' }, undefined],
  ])('of %j is %s', (environment, proxy) => {
    expect(proxyFor('quay.io', environment)).toBe(proxy);
  });
});

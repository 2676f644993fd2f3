import { describe, expect, it } from 'vitest';
import { createKnownHosts, endpointOf } from '../../src/client/known-hosts.ts';
import { upstreamSettings } from '../fixtures/client-deps.ts';

// biome-ignore format: a table reads best as a table
const REALMS: [base: string, realm: string, isFine: boolean, allowed?: string][] = [
  ['https://r.example', 'https://r.example/token', true],
  ['https://r.example:5000', 'https://r.example:5000/token', true],
  ['https://r.example:5000', 'https://r.example/token', true],
  ['https://r.example', 'https://r.example:8443/token', false],
  ['https://r.example', 'https://r.example:8443/token', true, 'r.example:8443'],
  ['https://r.example', 'http://r.example/token', false],
  ['http://r.example', 'http://r.example/token', true],
  ['http://r.example', 'https://r.example/token', true],
  ['https://r.example', 'https://auth.example/token', false],
  ['https://r.example', 'https://auth.example/token', true, 'auth.example'],
  ['https://r.example', 'http://auth.example/token', false, 'auth.example'],
  ['https://r.example', 'https://auth.example:444/token', false, 'auth.example'],
  ['https://r.example', 'https://a.auth.example/token', true, '*.auth.example'],
  ['https://r.example', 'https://auth.example/token', false, '*.auth.example'],
  ['https://r.example', 'https://evilauth.example/token', false, '*.auth.example'],
  ['https://r.example', 'https://r.example.evil.example/token', false],
  ['https://r.example', 'https://r.example@evil.example/token', false],
  ['https://r.example', 'https://user:pass@r.example/token', false],
  ['https://r.example', 'https://auth.docker.io/token', false],
  ['http://127.0.0.1:5000', 'http://localhost:5000/token', true],
  ['http://127.0.0.1:5000', 'http://localhost:5001/token', false],
  ['http://127.0.0.1:5000', 'http://127.0.0.1:5001/token', false],
];

describe('a realm', () => {
  it.each(REALMS)('of %s at %s: %s', (base, realm, isFine, allowed) => {
    const allowedHosts = allowed === undefined ? [] : [allowed];
    const hosts = createKnownHosts(upstreamSettings({ host: 'r.example', allowedHosts }), String);
    const read = () => hosts.realm(realm, new URL(base)).href;
    if (isFine) expect(read()).toBe(realm);
    else expect(read).toThrow(expect.objectContaining({ code: 'egress-refused' }));
  });

  it('of Docker Hub is known', () => {
    const hosts = createKnownHosts(upstreamSettings({ host: 'docker.io' }), String);
    const base = new URL('https://registry-1.docker.io');
    expect(hosts.realm('https://auth.docker.io/token', base).host).toBe('auth.docker.io');
    expect(() => hosts.realm('http://auth.docker.io/token', base)).toThrow();
  });
});

describe('a Location', () => {
  const hosts = createKnownHosts(upstreamSettings({ allowedHosts: ['cdn.example'] }), String);
  const base = new URL('https://r.example');
  const at = new URL('https://r.example/v2/a/blobs/uploads/');

  it.each([
    ['/v2/a/blobs/uploads/1?s=%2F%20+', 'https://r.example/v2/a/blobs/uploads/1?s=%2F%20+'],
    ['1', 'https://r.example/v2/a/blobs/uploads/1'],
    ['https://r.example/x', 'https://r.example/x'],
    ['http://r.example/x?y=1', 'https://r.example/x?y=1'],
    ['https://cdn.example/x', 'https://cdn.example/x'],
  ])('%s is %s', (location, url) => {
    expect(hosts.continuation(location, at, base).href).toBe(url);
  });

  it.each([
    'https://evil.example/x',
    '//evil.example/x',
    'http://cdn.example/x',
    'https://r.example:444/x',
    'ftp://r.example/x',
    'https://a:b@r.example/x',
    'https://[',
  ])('%s is refused', (location) => {
    expect(() => hosts.continuation(location, at, base)).toThrow(
      expect.objectContaining({ code: 'egress-refused' }),
    );
  });
});

describe('the endpoint', () => {
  it.each([
    [{ host: 'docker.io' }, 'https://registry-1.docker.io/'],
    [{ host: 'quay.io' }, 'https://quay.io/'],
    [{ host: 'r.example:5000' }, 'https://r.example:5000/'],
    [{ host: 'docker.io', endpoint: 'http://127.0.0.1:5000' }, 'http://127.0.0.1:5000/'],
    [{ host: 'quay.io', endpoint: 'mirror.lan/cache' }, 'https://mirror.lan/cache'],
  ])('of %j is %s', (settings, url) => {
    expect(endpointOf(upstreamSettings(settings)).href).toBe(url);
  });

  it.each([
    'ftp://a',
    'https://user:pass@a',
    'https://:pass@a',
    'https://a?b',
    'https://',
    'file:///etc/passwd',
  ])('is not %s', (endpoint) => {
    expect(() => endpointOf(upstreamSettings({ endpoint }))).toThrow('not an http or https URL');
  });
});

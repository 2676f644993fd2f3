import { UpstreamHost } from '@portolan/oci';
import { describe, expect, it } from 'vitest';
import { parseRegistryAddress } from '../src/index.ts';
import { isVirtualHost, virtualHostOf } from '../src/registry-address.ts';

describe("a registry's address", () => {
  it.each([
    ['registry.lan', 'https://registry.lan', 'registry.lan', false],
    ['https://Registry.LAN/', 'https://registry.lan', 'registry.lan', false],
    ['https://registry.lan:443', 'https://registry.lan', 'registry.lan', false],
    ['registry.lan:5000', 'https://registry.lan:5000', 'registry.lan:5000', false],
    ['http://127.0.0.1:5000', 'http://127.0.0.1:5000', '127.0.0.1:5000', true],
    ['http://[::1]:5000', 'http://[::1]:5000', '[::1]:5000', true],
  ])('%s is read', (text, origin, host, isPlain) => {
    expect(parseRegistryAddress(text)).toEqual({ origin, host, isPlain });
  });

  it.each([
    '',
    'ftp://registry.lan',
    'https://registry.lan/docker.io',
    'https://registry.lan?ns=docker.io',
    'https://registry.lan#x',
    'https://',
    'a b',
  ])('%j is refused: engines would not start with it', (text) => {
    expect(() => parseRegistryAddress(text)).toThrow(
      expect.objectContaining({ code: 'request-invalid' }),
    );
  });

  it('has no credentials in it, and the message does not repeat them', () => {
    expect(() => parseRegistryAddress('https://me:canary@registry.lan')).toThrow(
      /^(?!.*canary).*credentials/,
    );
  });

  it.each([
    ['registry.lan', 'docker.io', 'docker-io.registry.lan'],
    ['registry.lan:5000', 'host.lan:8443', 'host-lan-8443.registry.lan:5000'],
    ['10.0.0.1:5000', 'docker.io', undefined],
    ['[::1]:5000', 'docker.io', undefined],
    ['registry.lan', '[::1]:5000', undefined],
  ])('%s has for %s the name %s below it', (registry, upstream, expected) => {
    const host = UpstreamHost.find(upstream);
    expect(host && virtualHostOf(parseRegistryAddress(registry), host)).toBe(expected);
  });

  it.each([
    ['registry.lan', 'docker-io.registry.lan', true],
    ['registry.lan', 'localhost.registry.lan', true],
    ['registry.lan:5000', 'host-lan-8443.registry.lan:5000', true],
    ['http://registry.lan', 'docker-io.registry.lan:80', true],
    ['registry.lan', 'registry.lan', false],
    ['registry.lan', 'hub.registry.lan', false],
    ['registry.lan', 'docker-io.old.registry.lan', false],
    ['registry.lan', 'docker-io.registry.lan:80', false],
    ['registry.lan:5000', 'docker-io.registry.lan', false],
    ['registry.lan', 'docker-ioregistry.lan', false],
    ['127.0.0.1:5000', 'docker-io.127.0.0.1:5000', false],
  ])('%s, and whether %s is one of the names below it: %s', (registry, typed, expected) => {
    const host = UpstreamHost.find(typed) ?? UpstreamHost.DOCKER_HUB;
    expect(isVirtualHost(parseRegistryAddress(registry), host)).toBe(expected);
  });
});

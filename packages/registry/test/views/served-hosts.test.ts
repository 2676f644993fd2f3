import { describe, expect, it } from 'vitest';
import { createServedHosts } from '../../src/views/served-hosts.ts';

const MIRRORED = ['docker.io', 'quay.io', 'localhost_5000', 'a.b-c.example', 'a-b.c.example'];
const VIEWS = { find: async (name: string) => MIRRORED.includes(name), all: async () => MIRRORED };

const served = createServedHosts('https://registry.lan', VIEWS);

describe('a connection', () => {
  it.each([
    ['registry.lan', 443, 'own'],
    ['docker.io', 443, 'docker.io'],
    ['index.docker.io', 443, 'docker.io'],
    ['registry-1.docker.io', 443, 'docker.io'],
    ['quay.io', 443, 'quay.io'],
    ['localhost', 5000, 'localhost:5000'],
    ['quay-io.registry.lan', 443, 'quay.io'],
    ['localhost-5000.registry.lan', 443, 'localhost:5000'],
  ])('to %s:%i is for %s', async (host, port, named) => {
    expect(await served.find(host, port)).toBe(named);
  });

  it.each([
    ['registry.lan', 5000],
    ['docker.io', 80],
    ['quay.io', 8443],
    ['quay.io', 5000],
    ['localhost', 443],
    ['localhost', 5001],
    ['quay-io.registry.lan', 8443],
    ['localhost-5000.registry.lan', 5000],
    ['gcr-io.registry.lan', 443],
    ['gcr.io', 443],
    ['auth.docker.io', 443],
    ['127.0.0.1', 443],
    ['[::1]', 443],
    // Two registries have this label.
    ['a-b-c-example.registry.lan', 443],
  ])('to %s:%i is not for us', async (host, port) => {
    expect(await served.find(host, port)).toBeUndefined();
  });

  it('to our own port is for us, where we have another one', async () => {
    const other = createServedHosts('https://registry.lan:8443', VIEWS);
    expect(await other.find('registry.lan', 8443)).toBe('own');
    expect(await other.find('registry.lan', 443)).toBeUndefined();
    expect(await other.find('quay-io.registry.lan', 8443)).toBe('quay.io');
    expect(await other.find('quay.io', 8443)).toBeUndefined();
  });
});

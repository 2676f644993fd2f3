import { createServedHosts } from '@portolan/registry';
import { describe, expect, it } from 'vitest';
import { createOriginFor } from '../../../src/serve/listeners/redirect-origin.ts';
import { exchange, startListener } from './start-listener.ts';

function lines(target: string, host = 'evil.test', method = 'GET', more = ''): string {
  return `${method} ${target} HTTP/1.1\r\nHost: ${host}\r\n${more}Connection: close\r\n\r\n`;
}

it.each([
  ['/', 'https://registry.test/'],
  ['/v2/a/tags/list?n=1&last=b', 'https://registry.test/v2/a/tags/list?n=1&last=b'],
  ['//evil.test/x', 'https://registry.test//evil.test/x'],
  ['/%0d%0aSet-Cookie:a', 'https://registry.test/%0d%0aSet-Cookie:a'],
  ['/ca.cr', 'https://registry.test/ca.cr'],
  ['/ca.crt/v2/', 'https://registry.test/ca.crt/v2/'],
  ['/ca.crt.evil.test/v2/a/tags/list', 'https://registry.test/ca.crt.evil.test/v2/a/tags/list'],
  ['/ca.crt/../token', 'https://registry.test/ca.crt/../token'],
  [
    '/.well-known/acme-challenge/../../token',
    'https://registry.test/.well-known/acme-challenge/../../token',
  ],
  ['http://evil.test/v2/', 'https://registry.test/v2/'],
])('sends %s to public_url', async (target, location) => {
  const { port } = await startListener('redirect://127.0.0.1:0');
  const answer = await exchange(port, [lines(target)]);
  expect(answer).toMatch(/^HTTP\/1\.1 308 /);
  expect(answer).toContain(`\r\nLocation: ${location}\r\n`);
  expect(answer).toContain('\r\nX-Request-Id: an-id\r\n');
});

it('answers before a body that the client holds back', async () => {
  const { port } = await startListener('redirect://127.0.0.1:0');
  const more = 'Content-Length: 1000000\r\nExpect: 100-continue\r\n';
  const answer = await exchange(port, [lines('/v2/a/blobs/uploads/', 'a', 'PATCH', more)]);
  expect(answer).toMatch(/^HTTP\/1\.1 308 /);
});

it.each(['/ca.crt', '/ca.crt.sha256', '/.well-known/acme-challenge/to-ken_1'])(
  'answers %s itself',
  async (path) => {
    const { port } = await startListener('redirect://127.0.0.1:0');
    expect(await exchange(port, [lines(path)])).toMatch(new RegExp(`200[\\s\\S]*GET ${path}`));
  },
);

it('refuses a target that is no path, or of another host than its Host', async () => {
  const { port } = await startListener('redirect://127.0.0.1:0');
  expect(await exchange(port, [lines('http://other.test/v2/')])).toMatch(/^HTTP\/1\.1 400 /);
  expect(await exchange(port, [lines('.evil.test/')])).toMatch(/^HTTP\/1\.1 400 /);
});

const MIRRORED = ['docker.io', 'quay.io', 'a.b-c', 'a-b.c', 'mirror-of.registry.test'];
const VIEWS = { find: async (name: string) => MIRRORED.includes(name), all: async () => MIRRORED };

describe.each([
  ['', 'https://registry.test'],
  [':8443', 'https://registry.test:8443'],
])('with public_url on port "%s"', (port, publicUrl) => {
  it.each([
    ['registry.test', 'registry.test'],
    ['docker-io.registry.test', 'docker-io.registry.test'],
    ['Docker-IO.Registry.TEST', 'docker-io.registry.test'],
    ['docker-io.registry.test.', 'docker-io.registry.test'],
    ['docker-io.registry.test:80', 'docker-io.registry.test'],
    ['docker-io.registry.test:1234', 'docker-io.registry.test'],
    // Not mirrored, several of one label, and a registry's own name: nobody's window.
    ['gcr-io.registry.test', 'registry.test'],
    ['a-b-c.registry.test', 'registry.test'],
    ['mirror-of.registry.test', 'registry.test'],
    ['quay.io', 'registry.test'],
    ['evil.test', 'registry.test'],
    ['x.docker-io.registry.test', 'registry.test'],
    ['docker-io.evil.test', 'registry.test'],
    ['docker-io.registry.test.evil.test', 'registry.test'],
    ['docker-io.xregistry.test', 'registry.test'],
    ['[2001:db8::1]', 'registry.test'],
  ])('sends who asked for %s to %s', async (host, sentTo) => {
    const served = createServedHosts(publicUrl, VIEWS);
    const originFor = createOriginFor({ publicUrl, served, report: () => undefined });
    const listener = await startListener('redirect://127.0.0.1:0', { originFor });
    const path = '/v2/library/busybox/manifests/musl';
    const answer = await exchange(listener.port, [lines(path, host)]);
    expect(answer).toContain(`\r\nLocation: https://${sentTo}${port}${path}\r\n`);
  });
});

it('sends everybody to public_url while the database does not answer, and says so', async () => {
  const reported: unknown[] = [];
  const broken = new Error('the database is gone');
  const originFor = createOriginFor({
    publicUrl: 'https://registry.test',
    served: { find: () => Promise.reject(broken) },
    report: (error) => reported.push(error),
  });
  expect(await originFor('docker-io.registry.test')).toBe('https://registry.test');
  expect(reported).toEqual([broken]);
  // Other names are not looked up at all.
  expect(await originFor('evil.test')).toBe('https://registry.test');
  expect(reported).toEqual([broken]);
});

import { expect, it } from 'vitest';
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
])('sends %s to public_url, whatever the Host', async (target, location) => {
  const { port } = await startListener('redirect://127.0.0.1:0');
  const answer = await exchange(port, [lines(target)]);
  expect(answer).toMatch(/^HTTP\/1\.1 308 /);
  expect(answer).toContain(`\r\nLocation: ${location}\r\n`);
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

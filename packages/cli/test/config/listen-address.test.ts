import { describe, expect, it } from 'vitest';
import { ListenAddress } from '../../src/config/listen-address.ts';

function parse(text: string): ListenAddress {
  const address = ListenAddress.parse(text);
  if ('problem' in address) throw new Error(address.problem);
  return address;
}

describe('ListenAddress', () => {
  const valid: [text: string, printed: string, isLocalhost: boolean][] = [
    ['127.0.0.1:5000', 'http://127.0.0.1:5000', true],
    ['http://127.9.9.9:1', 'http://127.9.9.9:1', true],
    ['localhost:0', 'http://localhost:0', true],
    ['[::1]:5000', 'http://[::1]:5000', true],
    ['[::]:5000', 'http://[::]:5000', false],
    ['0.0.0.0:65535', 'http://0.0.0.0:65535', false],
    ['127.0.0.1.example.com:80', 'http://127.0.0.1.example.com:80', false],
    ['registry.lan:80', 'http://registry.lan:80', false],
    ['https://127.0.0.1:443', 'https://127.0.0.1:443', false],
    ['HTTPS://[::]:443', 'https://[::]:443', false],
    ['redirect://0.0.0.0:80', 'redirect://0.0.0.0:80', false],
    ['connect://127.0.0.1:3128', 'connect://127.0.0.1:3128', false],
    ['unix:/run/portolan.sock', 'unix:/run/portolan.sock', false],
    ['http://unix:/run/portolan.sock', 'unix:/run/portolan.sock', false],
    ['https://unix:/run/portolan.sock', 'https://unix:/run/portolan.sock', false],
    ['systemd:', 'systemd:', false],
    ['systemd:web', 'systemd:web', false],
    ['https://systemd:web', 'https://systemd:web', false],
  ];
  it.each(valid)('reads %s', (text, printed, isLocalhost) => {
    const address = parse(text);
    expect(ListenAddress.format(address)).toBe(printed);
    expect(ListenAddress.isLocalhost(address)).toBe(isLocalhost);
  });

  it.each([
    ['unix:/s', { scheme: 'http', kind: 'unix', path: '/s', hasProxyHeader: false }],
    ['unix:/s?mode=0600', { path: '/s', mode: 0o600 }],
    ['unix:/s?mode=660&owner=root:haproxy', { mode: 0o660, owner: 'root:haproxy' }],
    ['unix:/s?owner=:33&proxy-protocol', { owner: ':33', hasProxyHeader: true }],
    ['https://[::]:443?proxy-protocol', { scheme: 'https', host: '::', hasProxyHeader: true }],
    ['systemd:web?proxy-protocol', { kind: 'systemd', name: 'web', hasProxyHeader: true }],
  ])('reads the options of %s', (text, expected) => {
    expect(parse(text)).toMatchObject(expected);
  });

  it.each([
    ...['5000', ':5000', '::1:5000', '[::1]', '[x]:1', 'a:b', 'a:65536', 'unix:x', 'unix:', ''].map(
      (text) => [text, 'is not host:port'],
    ),
    ['systemd:a:b', 'is not host:port'],
    ['ftp://a:1', 'has the scheme ftp; there are http, https, redirect, connect'],
    ['a:1?proxy', 'has the option "proxy"; there are proxy-protocol'],
    ['a:1?', 'has the option ""'],
    ['a:1?mode=0660', 'has a mode, as only unix sockets have it'],
    ['unix:/s?mode=rw', 'needs a mode of octal digits such as 0660'],
    ['unix:/s?mode', 'needs a mode'],
    ['unix:/s?owner=-R', 'needs an owner such as USER:GROUP'],
    ['unix:/s?owner=a b', 'needs an owner'],
  ])('refuses %j: it %s', (text, problem) => {
    expect(ListenAddress.parse(text)).toEqual({ problem: expect.stringContaining(problem) });
  });
});

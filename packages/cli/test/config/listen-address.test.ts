import { describe, expect, it } from 'vitest';
import { ListenAddress } from '../../src/config/listen-address.ts';

describe('ListenAddress', () => {
  const valid: [text: string, printed: string, isLoopback: boolean][] = [
    ['127.0.0.1:5000', 'http://127.0.0.1:5000', true],
    ['127.9.9.9:1', 'http://127.9.9.9:1', true],
    ['localhost:0', 'http://localhost:0', true],
    ['[::1]:5000', 'http://[::1]:5000', true],
    ['[::]:5000', 'http://[::]:5000', false],
    ['0.0.0.0:65535', 'http://0.0.0.0:65535', false],
    ['127.0.0.1.example.com:80', 'http://127.0.0.1.example.com:80', false],
    ['registry.lan:80', 'http://registry.lan:80', false],
    ['unix:/run/portolan.sock', 'unix:/run/portolan.sock', false],
  ];
  it.each(valid)('reads %s', (text, printed, isLoopback) => {
    const address = ListenAddress.find(text);
    if (address === undefined) throw new Error('refused');
    expect(ListenAddress.format(address)).toBe(printed);
    expect(ListenAddress.isLoopback(address)).toBe(isLoopback);
  });

  const invalid = [
    '5000',
    ':5000',
    '::1:5000',
    '[::1]',
    '[x]:1',
    'a:b',
    'a:65536',
    'unix:x',
    'unix:',
    '',
  ];
  it.each(invalid)('refuses %j', (text) => {
    expect(ListenAddress.find(text)).toBeUndefined();
  });
});

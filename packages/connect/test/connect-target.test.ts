import { describe, expect, it } from 'vitest';
import { ConnectTarget } from '../src/connect-target.ts';

describe('the target of a CONNECT', () => {
  it.each([
    ['quay.io:443', 'quay.io', 443, 'quay.io'],
    ['QUAY.io:443', 'quay.io', 443, 'quay.io'],
    ['quay.io.:443', 'quay.io', 443, 'quay.io'],
    ['quay.io:0443', 'quay.io', 443, 'quay.io'],
    ['localhost:5000', 'localhost', 5000, 'localhost:5000'],
    ['10.0.0.1:443', '10.0.0.1', 443, '10.0.0.1'],
    ['[::1]:65535', '[::1]', 65_535, '[::1]:65535'],
    ['xn--bcher-kva.example:443', 'xn--bcher-kva.example', 443, 'xn--bcher-kva.example'],
  ])('is read from %s', (text, host, port, formatted) => {
    const target = ConnectTarget.find(text);
    expect(target).toEqual({ host, port });
    expect(target && ConnectTarget.format(target)).toBe(formatted);
  });

  it.each([
    '',
    ':443',
    'quay.io',
    'quay.io:',
    'quay.io:0',
    'quay.io:65536',
    'quay.io:443443',
    'quay.io:+443',
    'quay.io:443/',
    'quay.io:443 ',
    'quay.io:443\n',
    '/v2/',
    'https://quay.io:443',
    'user@quay.io:443',
    'user:password@quay.io:443',
    'quay.io:443@evil.example:443',
    'quay.io#@evil.example:443',
    'quay..io:443',
    '.quay.io:443',
    'quay.io..:443',
    '-quay.io:443',
    'quay_io:443',
    'localhost_5000:443',
    '%71uay.io:443',
    'bücher.example:443',
    '::1:443',
    '[::1:443',
    '[::1%lo]:443',
    '[quay.io]:443',
    '[1.2.3.4]:443',
    '*:443',
    `${'a.'.repeat(127)}example:443`,
    `${'a'.repeat(64)}.example:443`,
  ])('is not %j', (text) => {
    expect(ConnectTarget.find(text)).toBeUndefined();
  });
});

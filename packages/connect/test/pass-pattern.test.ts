import { describe, expect, it } from 'vitest';
import { ConnectTarget } from '../src/connect-target.ts';
import { PassPattern } from '../src/pass-pattern.ts';

function passes(pattern: string, text: string): boolean {
  const found = PassPattern.find(pattern);
  const target = ConnectTarget.find(text);
  if (found === undefined || target === undefined) throw new Error(`${pattern} ${text}`);
  return PassPattern.matches(found, target);
}

describe('a pattern of hosts that pass', () => {
  it.each([
    ['pkg.example.com', 'pkg.example.com:443'],
    ['PKG.example.com', 'pkg.EXAMPLE.com:443'],
    ['pkg.example.com:8443', 'pkg.example.com:8443'],
    ['*.example.com', 'a.example.com:443'],
    ['*.example.com:8443', 'a-b.example.com:8443'],
    ['localhost:5000', 'localhost:5000'],
    ['192.0.2.1', '192.0.2.1:443'],
    ['[2001:db8::1]:8443', '[2001:db8::1]:8443'],
  ])('%s takes %s', (pattern, target) => {
    expect(passes(pattern, target)).toBe(true);
  });

  it.each([
    ['pkg.example.com', 'pkg.example.com:8443'],
    ['pkg.example.com:8443', 'pkg.example.com:443'],
    ['pkg.example.com', 'a.pkg.example.com:443'],
    ['pkg.example.com', 'pkg.example.com.evil.test:443'],
    ['*.example.com', 'example.com:443'],
    ['*.example.com', 'a.b.example.com:443'],
    ['*.example.com', 'evilexample.com:443'],
    ['*.example.com', 'a.example.com:80'],
    ['*.example.com', 'a.example.com.evil.test:443'],
  ])('%s does not take %s', (pattern, target) => {
    expect(passes(pattern, target)).toBe(false);
  });

  it.each([
    '*',
    '*:443',
    '*.com',
    '**.example.com',
    'a.*.example.com',
    'a*.example.com',
    '*.192.0.2.1',
    '*.[::1]:443',
    'https://example.com',
    'user@example.com',
    'example.com/',
    'example.com:',
    'example.com:0',
    '',
  ])('is not %j', (text) => {
    expect(PassPattern.find(text)).toBeUndefined();
  });
});

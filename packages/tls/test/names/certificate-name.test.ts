import { describe, expect, it } from 'vitest';
import { CertificateName } from '../../src/names/certificate-name.ts';
import { NameConstraints } from '../../src/names/name-constraints.ts';

/** With a label of one letter before it the longest name. */
const DOMAIN_OF_251 = `${'abcdefg.'.repeat(31)}lan`;

describe('a name', () => {
  it.each([
    ['Registry.LAN', 'registry.lan'],
    ['registry.lan.', 'registry.lan'],
    ['localhost', 'localhost'],
    ['*.registry.lan', '*.registry.lan'],
    [`*.${DOMAIN_OF_251}`, `*.${DOMAIN_OF_251}`],
    ['10.0.0.1', '10.0.0.1'],
    ['FD00:0:0::1', 'fd00::1'],
    ['xn--bcher-kva.example', 'xn--bcher-kva.example'],
  ])('%s is %s', (text, name) => {
    expect(CertificateName.parse(text)).toBe(name);
  });

  it.each([
    '',
    '*',
    '*.lan',
    'a.*.lan',
    '*.*.registry.lan',
    '*.10.1',
    `*.${DOMAIN_OF_251}s`,
    'regi_stry.lan',
    '-a.lan',
    'a..lan',
    'a b',
    '10.0.0.256',
    '10.0.0',
    'fe80::1%eth0',
    '../registry.lan',
    `${'a'.repeat(64)}.lan`,
    `${'abcdefg.'.repeat(32)}lan`,
  ])('is not %j', (text) => {
    expect(() => CertificateName.parse(text)).toThrow(
      expect.objectContaining({ code: 'certificate-name-invalid' }),
    );
  });

  it.each([
    ['*.registry.lan', '_wildcard.registry.lan'],
    ['fd00::1', 'fd00--1'],
    ['registry.lan', 'registry.lan'],
  ])('%s is kept in the file %s', (text, stem) => {
    expect(CertificateName.fileStem(CertificateName.parse(text))).toBe(stem);
  });
});

describe('constraints', () => {
  const constraints = NameConstraints.parse(
    ['*.registry.lan', 'quay.io'],
    ['10.0.0.0/24', 'fd00::1', '192.168.1.1'],
  );

  it.each([
    ['registry.lan', true],
    ['*.registry.lan', true],
    ['a.b.registry.lan', true],
    ['registry.lan.evil', false],
    ['notregistry.lan', false],
    ['*.lan.example', false],
    ['cdn.quay.io', true],
    ['10.0.0.77', true],
    ['10.0.1.1', false],
    ['192.168.1.1', true],
    ['192.168.1.2', false],
    ['fd00::1', true],
    ['fd00::2', false],
  ])('let %s through: %s', (name, isPermitted) => {
    expect(NameConstraints.permits(constraints, CertificateName.parse(name))).toBe(isPermitted);
  });

  it.each([
    [[], [], 'request-invalid'],
    [['10.0.0.1'], [], 'certificate-name-invalid'],
    [['a b'], [], 'certificate-name-invalid'],
    [[], ['10.0.0.0/33'], 'certificate-name-invalid'],
    [[], ['registry.lan'], 'certificate-name-invalid'],
  ])('are not made of %j and %j', (domains, networks, code) => {
    expect(() => NameConstraints.parse(domains, networks)).toThrow(
      expect.objectContaining({ code }),
    );
  });
});

import { expect, it } from 'vitest';
import { authorityOptions, type MoreNames, type NameConstraints } from '../../src/index.ts';

it.each<[string, NameConstraints, MoreNames, string]>([
  [
    'what it is for',
    { domains: ['registry.lan'], networks: ['10.0.0.0/8'] },
    {},
    '--name registry.lan --ip 10.0.0.0/8',
  ],
  [
    'registries apart from names of its own',
    { domains: ['registry.lan', 'portal.lan', 'localhost', 'docker.io'], networks: [] },
    {},
    '--name registry.lan --name portal.lan --name localhost --impersonate docker.io',
  ],
  [
    'an address, a name and a wildcard more',
    { domains: ['registry.lan', 'quay.io'], networks: ['192.0.2.1/32'] },
    { names: ['192.0.2.10', '*.other.lan', 'registry.lan'] },
    '--name registry.lan --name other.lan --ip 192.0.2.1/32 --ip 192.0.2.10 --impersonate quay.io',
  ],
  [
    'a registry more, and one at an address',
    { domains: ['registry.lan'], networks: [] },
    { registries: ['ghcr.io', 'fd00::1'] },
    '--name registry.lan --ip fd00::1 --impersonate ghcr.io',
  ],
  ['addresses alone', { domains: [], networks: ['192.0.2.1/32'] }, {}, '--ip 192.0.2.1/32'],
])('has %s', (_what, constraints, more, expected) => {
  expect(authorityOptions(constraints, more)).toBe(expected);
});

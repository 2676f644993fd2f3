// Where a login for our registry may go, whatever realm a challenge names.
import { parseRegistryAddress } from '@portolan/clients';
import { describe, expect, it } from 'vitest';
import { basicHeader, mayHaveLogin } from '../../src/connection/registry-login.ts';

describe('a login for the registry', () => {
  it.each([
    ['https://registry.lan', 'https://registry.lan/token'],
    ['https://registry.lan', 'https://auth.registry.lan/token'],
    ['https://registry.lan:5000', 'https://registry.lan/token'],
    ['http://127.0.0.1:5000', 'http://127.0.0.1:5001/token'],
    ['http://registry.lan', 'https://registry.lan/token'],
  ])('of %s goes to %s', (registry, realm) => {
    expect(mayHaveLogin(parseRegistryAddress(registry), new URL(realm))).toBe(true);
  });

  it.each([
    ['https://registry.lan', 'https://lan/token'],
    ['https://registry.lan', 'https://evilregistry.lan/token'],
    ['https://registry.lan', 'https://registry.lan.example/token'],
    ['https://registry.lan', 'http://registry.lan/token'],
  ])('of %s does not go to %s', (registry, realm) => {
    expect(mayHaveLogin(parseRegistryAddress(registry), new URL(realm))).toBe(false);
  });

  it('is told by RFC 7617, in UTF-8', () => {
    const pair = { username: 'alice', password: 'pässword' };
    expect(basicHeader(pair)).toEqual({ authorization: 'Basic YWxpY2U6cMOkc3N3b3Jk' });
  });
});

import { parseRegistryAddress } from '@portolan/clients';
import { describe, expect, it } from 'vitest';
import { ListenAddress } from '../../src/config/listen-address.ts';
import { isOwnServer, type OwnNames } from '../../src/doctor/is-own-server.ts';

function names(publicUrl: string, ...listen: string[]): OwnNames {
  const addresses = listen.map((text) => {
    const parsed = ListenAddress.parse(text);
    if ('problem' in parsed) throw new Error(parsed.problem);
    return parsed;
  });
  const views = { find: async (namespace: string) => namespace === 'quay.io' };
  return { publicUrl, listen: addresses, views };
}

const BOX = names('https://registry.lan', 'unix:/run/portolan/portolan.sock');
const BEHIND = names('https://registry.lan', '127.0.0.1:5000');
const DIRECT = names('https://registry.lan', 'https://[::]:443', 'https://192.0.2.7:443');
const QUICK = names('http://localhost:5000', '127.0.0.1:5000');

describe('whether a server is that of the settings here', () => {
  it.each<[string, OwnNames, boolean]>([
    ['https://registry.lan', BOX, true],
    ['http://registry.lan', BOX, true],
    ['https://quay-io.registry.lan', BOX, true],
    ['https://portal.registry.lan', BOX, true],
    ['https://quay.io', BOX, true],
    ['https://gcr.io', BOX, false],
    ['https://registry.secure.lan', BOX, false],
    ['https://notregistry.lan', BOX, false],
    ['https://lan', BOX, false],
    ['https://localhost', BOX, false],
    ['http://127.0.0.1:5000', BEHIND, true],
    ['http://localhost:5000', BEHIND, true],
    ['http://localhost:5001', BEHIND, false],
    ['http://192.0.2.7:5000', BEHIND, false],
    ['https://127.0.0.1', DIRECT, true],
    ['https://192.0.2.7', DIRECT, true],
    ['https://192.0.2.8', DIRECT, false],
    ['https://registry.lan', QUICK, false],
    ['http://[::1]:5000', QUICK, true],
    ['http://localhost:5001', QUICK, false],
    ['http://quay-io.localhost:5000', QUICK, true],
    ['http://quay-io.localhost:5001', QUICK, false],
  ])('%s', async (url, own, expected) => {
    expect(await isOwnServer(parseRegistryAddress(url), own)).toBe(expected);
  });

  it('is told by names alone where the database cannot be asked', async () => {
    const blind = { ...BOX, views: undefined };
    expect(await isOwnServer(parseRegistryAddress('https://quay.io'), blind)).toBe(false);
    expect(await isOwnServer(parseRegistryAddress('https://registry.lan'), blind)).toBe(true);
  });
});

import { describe, expect, it } from 'vitest';
import { loadTlsSettings } from '../../src/config/tls-settings.ts';

const ACME = { PORTOLAN_TLS_ACME_DIRECTORY: 'https://ca.corp/acme/acme/directory' };
const NAMES = { PORTOLAN_TLS_ACME_NAMES: 'Registry.corp, portal.corp' };

function load(environment: Record<string, string>) {
  return loadTlsSettings({ environment: { PORTOLAN_DATA_DIR: '/srv/portolan', ...environment } });
}

describe('certificates', () => {
  it('lie in the data directory, with the authority beside them', () => {
    expect(load({})).toEqual({
      directories: { authority: '/srv/portolan/ca', certificates: '/srv/portolan/tls' },
      acme: undefined,
      impersonates: false,
    });
  });

  it('are issued for mirrored registries when that is said', () => {
    expect(load({ PORTOLAN_TLS_IMPERSONATE: 'true' }).impersonates).toBe(true);
  });

  it('lie elsewhere when that is said', () => {
    const { directories } = load({ PORTOLAN_TLS_CERTIFICATES: '/etc/haproxy/certs' });
    expect(directories).toEqual({
      authority: '/srv/portolan/ca',
      certificates: '/etc/haproxy/certs',
    });
  });
});

describe('an ACME server', () => {
  it('is one with names', () => {
    const { acme } = load({ ...ACME, ...NAMES, PORTOLAN_TLS_ACME_CA: '/etc/corp.crt' });
    expect(acme).toEqual({
      directory: ACME.PORTOLAN_TLS_ACME_DIRECTORY,
      names: ['registry.corp', 'portal.corp'],
      email: undefined,
      authority: '/etc/corp.crt',
    });
  });

  it.each<[string, Record<string, string>, string]>([
    ['no names', ACME, 'PORTOLAN_TLS_ACME_NAMES'],
    ['no directory', NAMES, 'PORTOLAN_TLS_ACME_DIRECTORY'],
    ['a wildcard', { ...ACME, PORTOLAN_TLS_ACME_NAMES: '*.corp' }, 'PORTOLAN_TLS_ACME_NAMES'],
    ['an address', { ...ACME, PORTOLAN_TLS_ACME_NAMES: '10.0.0.1' }, 'PORTOLAN_TLS_ACME_NAMES'],
    ['a short address', { ...ACME, PORTOLAN_TLS_ACME_NAMES: 'a.corp,10.1' }, 'such as registry.'],
    ['what is no name', { ...ACME, PORTOLAN_TLS_ACME_NAMES: 'a.corp,b_c' }, 'such as registry.'],
  ])('is refused with %s', (_what, environment, key) => {
    expect(() => load(environment)).toThrow(key);
  });
});

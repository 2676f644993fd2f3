import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { loadServeSettings, type ServeRole } from '../../src/config/serve-settings.ts';
import { SettingsError } from '../../src/config/settings-problem.ts';
import { SETTING_KEYS } from '../../src/config/setting-table.ts';

let directory: string;
beforeAll(() => {
  directory = mkdtempSync(join(tmpdir(), 'portolan-settings-'));
});
afterAll(() => rmSync(directory, { recursive: true }));

interface Given {
  readonly role?: ServeRole;
  readonly environment?: Record<string, string>;
  readonly yaml?: string;
  readonly flags?: { readonly data_dir?: string };
}

function load({ role = 'all', environment = {}, yaml, flags = {} }: Given) {
  const file = yaml === undefined ? undefined : join(directory, 'portolan.yaml');
  if (file !== undefined) writeFileSync(file, yaml ?? '');
  return loadServeSettings(role, { environment, file, flags });
}

function messageOf(given: Given): string {
  try {
    load(given);
  } catch (error) {
    if (error instanceof SettingsError) return error.message;
    throw error;
  }
  return '';
}

describe('defaults', () => {
  it('needs nothing at all on a loopback address', () => {
    const { settings, adminPassword } = load({});
    expect(settings).toMatchObject({
      role: 'all',
      hasAccounts: true,
      listen: [
        { scheme: 'http', kind: 'tcp', host: '127.0.0.1', port: 5000, hasProxyHeader: false },
      ],
      publicUrl: undefined,
      tokenTtlSeconds: 300,
      shutdownGraceMs: 30_000,
      policy: {
        push: 'allow-teams',
        delete: true,
        contributorsMayDelete: false,
        anonymous: true,
      },
      storage: { diskFloorBytes: 512 * 2 ** 20, leaseMs: 86_400_000 },
    });
    expect(adminPassword).toBeUndefined();
  });

  it('has no more than 40 keys', () => {
    expect(SETTING_KEYS.length).toBeLessThanOrEqual(40);
  });
});

describe('connect.pass_through', () => {
  it('is a list of hosts, each with a port', () => {
    const environment = { PORTOLAN_CONNECT_PASS_THROUGH: 'pkg.example.com, *.example.org:8443' };
    expect(load({ environment }).settings.passThrough).toEqual([
      { host: 'pkg.example.com', port: 443, isWildcard: false },
      { host: '.example.org', port: 8443, isWildcard: true },
    ]);
  });

  it.each(['*', '*.com', 'https://example.com', 'a@example.com'])('is not %s', (text) => {
    const message = messageOf({ yaml: `connect:\n  pass_through: ["${text}"]` });
    expect(message).toContain(`"${text}" is neither HOST, HOST:PORT nor *.DOMAIN`);
  });
});

describe('sources', () => {
  const yaml = 'data_dir: /from/file\nworkers: 3\nstorage:\n  disk_floor: 2GiB\n';

  it('reads sections of the file', () => {
    expect(load({ yaml }).settings).toMatchObject({
      workers: 3,
      storage: { directory: '/from/file', diskFloorBytes: 2 ** 31 },
    });
  });

  it('lets the environment win over the file, and the command line over both', () => {
    const environment = { PORTOLAN_DATA_DIR: '/from/environment', PORTOLAN_WORKERS: '5' };
    const { settings } = load({ yaml, environment, flags: { data_dir: '/from/flag' } });
    expect(settings).toMatchObject({ workers: 5, storage: { directory: '/from/flag' } });
  });

  it('takes an empty variable as not set', () => {
    expect(load({ environment: { PORTOLAN_PUBLIC_URL: '' } }).settings.publicUrl).toBeUndefined();
  });

  it('finds the file by PORTOLAN_CONFIG', () => {
    const file = join(directory, 'named.yaml');
    writeFileSync(file, 'workers: 7');
    expect(load({ environment: { PORTOLAN_CONFIG: file } }).settings.workers).toBe(7);
  });

  it('reads a secret from a file, without the line break at its end', () => {
    const file = join(directory, 'password');
    writeFileSync(file, 'correct horse\n');
    const environment = { PORTOLAN_ADMIN_PASSWORD_FILE: file };
    expect(load({ environment }).adminPassword).toBe('correct horse');
  });

  it('leaves alone what Kubernetes sets for a service called portolan', () => {
    const environment = {
      PORTOLAN_SERVICE_HOST: '10.0.0.1',
      PORTOLAN_SERVICE_PORT: '80',
      PORTOLAN_PORT: 'tcp://10.0.0.1:80',
      PORTOLAN_PORT_80_TCP_ADDR: '10.0.0.1',
    };
    expect(messageOf({ environment })).toBe('');
  });

  it('refuses PORTOLAN_PORT where a person has set it', () => {
    expect(messageOf({ environment: { PORTOLAN_PORT: '80' } })).toContain('no such setting');
  });
});

const egressOf = (given: Given) => load(given).settings.egress;

describe('networks that the mirror may go to', () => {
  it('are none, a list with commas, or a list of the file', () => {
    expect(egressOf({})).toEqual({ allowedNetworks: [] });
    const environment = { PORTOLAN_MIRROR_ALLOWED_NETWORKS: '10.0.0.0/8, fd00::/8,192.168.1.7' };
    const allowedNetworks = ['10.0.0.0/8', 'fd00::/8', '192.168.1.7'];
    expect(egressOf({ environment })).toEqual({ allowedNetworks });
    const list = 'mirror:\n  allowed_networks: [10.0.0.0/8, "fd00::/8", 192.168.1.7]\n';
    expect(egressOf({ yaml: list })).toEqual({ allowedNetworks });
  });

  it.each(['10.0.0.0/33', 'fd00::/129', 'intranet', '10.0.0.0/8/8', '10.0.0.0/'])(
    'are not %s',
    (network) => {
      const environment = { PORTOLAN_MIRROR_ALLOWED_NETWORKS: network };
      expect(messageOf({ environment })).toContain('is not a list of networks');
    },
  );
});

describe('mistakes', () => {
  it('come all in one message, each with its place', () => {
    const message = messageOf({
      yaml: 'workers: many\nstorage:\n  disk_flor: 1GiB\n',
      environment: {
        PORTOLAN_LISTEN: 'somewhere',
        PORTOLAN_POLICY_PUSH: 'all',
        PORTOLAN_WORKRES: '2',
      },
    });
    expect(message).toMatch(/^5 settings are wrong:\n/);
    expect(message).toContain('- workers (');
    expect(message).toContain(
      'portolan.yaml, line 1): "many" is not a whole number from 1 to 1024.',
    );
    expect(message).toMatch(/storage\.disk_flor .*line 3\): .*Did you mean storage\.disk_floor\?/);
    expect(message).toContain(
      '- PORTOLAN_LISTEN (environment): "somewhere" is not host:port or [IPv6 address]:port with a port up to 65535, nor unix:/absolute/path, nor systemd:NAME.',
    );
    expect(message).toContain('"all" is not one of allow-teams, allow-personal, admin-only.');
    expect(message).toContain('Did you mean PORTOLAN_WORKERS?');
  });

  const wrong: [what: string, given: Given, part: string][] = [
    [
      'one address of several',
      { environment: { PORTOLAN_LISTEN: '127.0.0.1:1, somewhere' } },
      '"somewhere" is not host:port',
    ],
    [
      'one address twice',
      { environment: { PORTOLAN_LISTEN: '127.0.0.1:5000, https://127.0.0.1:5000' } },
      'names 127.0.0.1:5000 twice',
    ],
    [
      'one socket twice',
      { environment: { PORTOLAN_LISTEN: 'unix:/run/p.sock, unix:/run/p.sock?mode=0600' } },
      'names unix:/run/p.sock twice',
    ],
    [
      'one socket of systemd twice',
      { environment: { PORTOLAN_LISTEN: 'systemd:web,systemd:web' } },
      'names systemd:web twice',
    ],
    ['no address', { environment: { PORTOLAN_LISTEN: ' , ' } }, 'names no address'],
    [
      'a redirect without https',
      {
        environment: {
          PORTOLAN_LISTEN: 'redirect://[::]:80',
          PORTOLAN_PUBLIC_URL: 'http://registry.lan',
        },
      },
      'must be a URL with https://, because redirect://[::]:80 sends clients there.',
    ],
    [
      'https without a public URL',
      { environment: { PORTOLAN_LISTEN: 'https://127.0.0.1:443' } },
      'is for clients that know this server by its name. Set it',
    ],
    [
      'a public URL with a path',
      { environment: { PORTOLAN_PUBLIC_URL: 'https://a.b/c' } },
      'without a path',
    ],
    [
      'a public URL of another scheme',
      { environment: { PORTOLAN_PUBLIC_URL: 'ftp://a.b' } },
      'without a path',
    ],
    ['no workers', { environment: { PORTOLAN_WORKERS: '0' } }, 'whole number'],
    ['half a worker', { yaml: 'workers: 0.5' }, 'whole number'],
    [
      'a flag that is no flag',
      { environment: { PORTOLAN_POLICY_DELETE: 'maybe' } },
      'true or false',
    ],
    ['a size without a unit we know', { yaml: 'storage:\n  disk_floor: 3 GB' }, '512MiB'],
    ['a token that holds for a day', { yaml: 'token:\n  ttl_seconds: 86400' }, 'from 60 to 3600'],
    ['a value where a section is', { yaml: 'storage: big' }, 'is a section'],
    ['a list instead of settings', { yaml: '- workers' }, 'is not a list of settings'],
    ['what is not YAML', { yaml: 'workers: [1' }, 'is not YAML'],
    [
      'a file that is not there',
      { environment: { PORTOLAN_CONFIG: '/nowhere.yaml' } },
      'cannot be read: there is no such file',
    ],
    [
      'a secret file that is not there',
      { environment: { PORTOLAN_ADMIN_PASSWORD_FILE: '/nowhere' } },
      'cannot read /nowhere: there is no such file',
    ],
    [
      'a secret given twice',
      { environment: { PORTOLAN_ADMIN_PASSWORD_FILE: '/nowhere', PORTOLAN_ADMIN_PASSWORD: 'a' } },
      'Keep one of the two',
    ],
    [
      'keys of somebody else where we sign',
      { environment: { PORTOLAN_REGISTRY_JWKS: '/keys.json' } },
      'only for `portolan serve registry`',
    ],
    [
      'no public URL on all addresses',
      { environment: { PORTOLAN_LISTEN: '0.0.0.0:5000' } },
      '- PORTOLAN_PUBLIC_URL (not set): is required',
    ],
    [
      'no public URL on a Unix socket',
      { environment: { PORTOLAN_LISTEN: 'unix:/run/p.sock' } },
      'unix:/run/p.sock',
    ],
    ['a registry without an issuer', { role: 'registry' }, 'PORTOLAN_TOKEN_ISSUER (not set)'],
    ['a registry without a realm', { role: 'registry' }, 'PORTOLAN_REGISTRY_REALM (not set)'],
    ['a registry without a service', { role: 'registry' }, 'PORTOLAN_TOKEN_SERVICE (not set)'],
    ['a token service without a service', { role: 'auth' }, 'PORTOLAN_TOKEN_SERVICE (not set)'],
  ];
  it.each(wrong)('refuses %s', (_what, given, part) => {
    expect(messageOf(given)).toContain(part);
  });

  it('never shows a secret', () => {
    const message = messageOf({ yaml: 'admin_password: [hunter2]' });
    expect(message).toContain('admin_password');
    expect(message).not.toContain('hunter2');
  });
});

describe('the halves', () => {
  it('need no more than the public URL when both are reached under one', () => {
    const environment = { PORTOLAN_PUBLIC_URL: 'https://registry.lan' };
    expect(load({ role: 'registry', environment }).settings.publicUrl).toBe('https://registry.lan');
    expect(load({ role: 'auth', environment }).settings.publicUrl).toBe('https://registry.lan');
  });

  it('take the keys of another token service', () => {
    const environment = {
      PORTOLAN_TOKEN_ISSUER: 'somebody',
      PORTOLAN_TOKEN_SERVICE: 'registry',
      PORTOLAN_REGISTRY_REALM: 'https://auth.lan/token',
      PORTOLAN_REGISTRY_JWKS: 'https://auth.lan/jwks',
      PORTOLAN_LISTEN: '0.0.0.0:5000',
    };
    expect(load({ role: 'registry', environment }).settings).toMatchObject({
      issuer: 'somebody',
      service: 'registry',
      realm: 'https://auth.lan/token',
      jwks: 'https://auth.lan/jwks',
    });
  });

  it('names the key form of other registries', () => {
    const environment = { PORTOLAN_TOKEN_OTHER_SERVICES: 'one, two=libtrust' };
    expect(load({ environment }).settings.otherServices).toEqual([
      { name: 'one', keyId: 'rfc7638' },
      { name: 'two', keyId: 'libtrust' },
    ]);
  });
});

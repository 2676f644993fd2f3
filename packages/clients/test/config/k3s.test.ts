import { describe, expect, it } from 'vitest';
import { parse } from 'yaml';
import { CA, config, files, merged } from '../request.ts';

const FILE = '/etc/rancher/k3s/registries.yaml';
const NODE = '/etc/rancher/k3s/config.yaml.d/50-portolan.yaml';

describe('registries.yaml of k3s', () => {
  it('sends every registry here, and turns the default endpoints off', () => {
    expect(files('k3s', { ca: CA })).toEqual({
      [FILE]: `mirrors:
  "*":
    endpoint:
      - https://registry.lan
configs:
  registry.lan:
    tls:
      ca_file: /etc/rancher/k3s/portolan-ca.crt
`,
      [NODE]: 'disable-default-registry-endpoint: true\n',
      '/etc/rancher/k3s/portolan-ca.crt': CA,
    });
  });

  it('names the registries when it is fail-open, and leaves the default endpoints', () => {
    const given = files('k3s', { fails: 'open', known: 'docker.io,host.lan:5000' });
    expect(Object.keys(given)).toEqual([FILE]);
    expect(parse(given[FILE] ?? '')).toEqual({
      mirrors: {
        'docker.io': { endpoint: ['https://registry.lan'] },
        'host.lan:5000': { endpoint: ['https://registry.lan'] },
      },
    });
  });

  it('keeps what else is in the file, comments too', () => {
    const existing = `# by hand
mirrors:
  ghcr.io:
    endpoint: [https://other.lan]
configs:
  other.lan:
    auth: {username: a, password: b} # a robot
`;
    const text = merged('k3s', existing, { ca: CA });
    expect(text).toContain('# by hand');
    expect(text).toContain('# a robot');
    expect(parse(text)).toEqual({
      mirrors: {
        'ghcr.io': { endpoint: ['https://other.lan'] },
        '*': { endpoint: ['https://registry.lan'] },
      },
      configs: {
        'other.lan': { auth: { username: 'a', password: 'b' } },
        'registry.lan': { tls: { ca_file: '/etc/rancher/k3s/portolan-ca.crt' } },
      },
    });
    expect(merged('k3s', text, { ca: CA })).toBe(text);
  });

  it('fills a key that has no value', () => {
    expect(parse(merged('k3s', 'mirrors:\nconfigs:\n'))).toMatchObject({
      mirrors: { '*': { endpoint: ['https://registry.lan'] } },
    });
  });

  it.each(['- a', 'a: [', 'text'])('is left alone when it is %j', (existing) => {
    expect(() => merged('k3s', existing)).toThrow(/no YAML mapping/);
  });

  it.each(['v1.25.16', '1.26.12', '1.27.9+k3s1', '1.28.5', '1.29.0'])(
    'is refused fail-closed for %s, which cannot be',
    (version) => {
      expect(() => config('k3s', { version })).toThrow(/cannot be fail-closed/);
      expect(() => config('k3s', { version, fails: 'open' })).not.toThrow();
    },
  );

  it.each(['1.26.13', '1.27.10', '1.28.6', '1.29.1+k3s1', '1.33.0'])(
    'is fail-closed for %s',
    (version) => {
      expect(files('k3s', { version })).toHaveProperty([NODE]);
    },
  );
});

// containerd's files, and docker's since version 29.
import { parse } from 'smol-toml';
import { describe, expect, it } from 'vitest';
import { CA, config, files } from '../request.ts';

const DEFAULT = '/etc/containerd/certs.d/_default/hosts.toml';

describe('hosts.toml', () => {
  it('is one file for every registry, fail-closed', () => {
    expect(files('containerd')).toEqual({
      [DEFAULT]: `server = "https://registry.lan"

[host."https://registry.lan"]
  capabilities = ["pull", "resolve"]
`,
    });
  });

  it('trusts our authority at the server too, in whose own directory the certificate is', () => {
    expect(files('containerd', { ca: CA, registry: 'https://registry.lan:5000' })).toEqual({
      [DEFAULT]: `server = "https://registry.lan:5000"
ca = "/etc/containerd/certs.d/registry.lan_5000_/ca.crt"

[host."https://registry.lan:5000"]
  capabilities = ["pull", "resolve"]
  ca = "/etc/containerd/certs.d/registry.lan_5000_/ca.crt"
`,
      '/etc/containerd/certs.d/registry.lan_5000_/ca.crt': CA,
    });
  });

  it('has no server when it is fail-open, so that the registry itself comes last', () => {
    expect(files('containerd', { fails: 'open' })[DEFAULT]).toBe(
      '[host."https://registry.lan"]\n  capabilities = ["pull", "resolve"]\n',
    );
  });

  it.each(['open', 'closed'] as const)(
    'always has a table of a host: containerd 1.x ignores a file without one (fail-%s)',
    (fails) => {
      const text = files('containerd', { fails, ca: CA })[DEFAULT] ?? '';
      expect(parse(text)).toHaveProperty(
        ['host', 'https://registry.lan', 'capabilities'],
        ['pull', 'resolve'],
      );
    },
  );

  it('keeps the keys of the server before the first table', () => {
    const { host, ...top } = parse(files('containerd', { ca: CA })[DEFAULT] ?? '');
    expect(host).toBeDefined();
    expect(Object.keys(top)).toEqual(['server', 'ca']);
  });

  it('is one directory for each registry that is named, without a colon in its name', () => {
    const paths = Object.keys(files('containerd', { ns: 'docker.io,host.lan:5000' }));
    expect(paths).toEqual([
      '/etc/containerd/certs.d/docker.io/hosts.toml',
      '/etc/containerd/certs.d/host.lan_5000_/hosts.toml',
    ]);
  });

  it("is docker's since version 29, below its own directory", () => {
    const given = files('docker', { version: '29.0.0', fails: 'closed', ca: CA });
    expect(Object.keys(given)).toEqual([
      '/etc/docker/certs.d/_default/hosts.toml',
      '/etc/docker/certs.d/registry.lan/ca.crt',
    ]);
    expect(given['/etc/docker/certs.d/_default/hosts.toml']).toContain(
      'ca = "/etc/docker/certs.d/registry.lan/ca.crt"',
    );
  });
});

describe('config_path of containerd', () => {
  it.each([
    ['1.6.20', ['io.containerd.grpc.v1.cri'], ['io.containerd.cri.v1.images']],
    ['2.1.0', ['io.containerd.cri.v1.images'], ['io.containerd.grpc.v1.cri']],
    [undefined, ['io.containerd.grpc.v1.cri', 'io.containerd.cri.v1.images'], []],
  ])('is told for version %s', (version, present, absent) => {
    const notes = config('containerd', version === undefined ? {} : { version }).notes.join('\n');
    for (const text of present) expect(notes).toContain(text);
    for (const text of absent) expect(notes).not.toContain(text);
  });
});

describe('the version of containerd', () => {
  it.each(['1.4', '1.4.13', '0.9'])(
    '%s reads no such files, and is refused in either mode',
    (version) => {
      for (const fails of ['open', 'closed'] as const) {
        expect(() => config('containerd', { version, fails })).toThrow(/before version 1\.5/);
      }
    },
  );

  it.each(['1.5', '1.5.0~rc1', '2.1.4'])('%s does', (version) => {
    expect(() => config('containerd', { version })).not.toThrow();
  });
});

// podman, buildah, skopeo and CRI-O.
import { parse } from 'smol-toml';
import { describe, expect, it } from 'vitest';
import { CA, config, files, merged } from '../request.ts';

const FILE = '/etc/containers/registries.conf.d/50-portolan.conf';

describe('registries.conf.d', () => {
  it('renames a registry to a namespace of ours when it is fail-closed', () => {
    expect(files('podman', { ns: 'docker.io,host.lan:5000' })).toEqual({
      [FILE]: `[[registry]]
prefix = "docker.io"
location = "registry.lan/docker.io"

[[registry]]
prefix = "host.lan:5000"
location = "registry.lan/host.lan_5000"
`,
    });
  });

  it('puts ours before the registry itself when it is fail-open', () => {
    expect(files('podman', { fails: 'open' })[FILE]).toBe(`[[registry]]
prefix = "docker.io"
location = "docker.io"
[[registry.mirror]]
location = "registry.lan/docker.io"
`);
  });

  it.each(['open', 'closed'] as const)('says so when ours is plain HTTP (fail-%s)', (fails) => {
    const given = files('podman', { registry: 'http://r.lan:5000', fails });
    const entry = { location: 'r.lan:5000/docker.io', insecure: true };
    expect(parse(given[FILE] ?? '')['registry']).toEqual([
      fails === 'open'
        ? { prefix: 'docker.io', location: 'docker.io', mirror: [entry] }
        : { prefix: 'docker.io', ...entry },
    ]);
  });

  it('has no global key, which a table above it would swallow', () => {
    const text = files('podman', { ns: 'docker.io,quay.io', fails: 'open' })[FILE] ?? '';
    expect(Object.keys(parse(text))).toEqual(['registry']);
  });

  it('is for every registry that is known, when none is named', () => {
    const { registry } = parse(files('podman', { known: 'quay.io,ghcr.io' })[FILE] ?? '');
    expect(registry).toMatchObject([{ prefix: 'quay.io' }, { prefix: 'ghcr.io' }]);
  });

  it('has its certificate in the directory of our host and port', () => {
    const given = files('podman', { ca: CA, registry: 'https://registry.lan:5000' });
    expect(given['/etc/containers/certs.d/registry.lan:5000/ca.crt']).toBe(CA);
  });

  it("is CRI-O's too, which has to be told", () => {
    expect(files('crio', { ca: CA })).toEqual(files('podman', { ca: CA }));
    expect(config('crio').reload).toEqual(['systemctl reload crio']);
  });
});

const text = (ns: string, fails: 'open' | 'closed' = 'closed', registry = 'https://registry.lan') =>
  files('podman', { ns, fails, registry })[FILE] ?? '';

describe('a file of ours that is there already', () => {
  const BY_HAND = '[[registry]]\nprefix = "a.lan"\nlocation = "b.lan"\n';

  it('keeps the registries of an earlier run', () => {
    const text2 = merged('podman', text('quay.io,docker.io'), { ns: 'ghcr.io' });
    expect(text2).toBe(text('quay.io,docker.io,ghcr.io'));
    expect(merged('podman', text2, { ns: 'docker.io' })).toBe(text2);
  });

  it.each([
    ['open', 'closed'],
    ['closed', 'open'],
  ] as const)('brings them from fail-%s to fail-%s', (before, fails) => {
    const there = text('quay.io,docker.io', before);
    expect(merged('podman', there, { ns: 'ghcr.io', fails })).toBe(
      text('quay.io,docker.io,ghcr.io', fails),
    );
  });

  it('brings them from plain HTTP to TLS', () => {
    const there = text('quay.io', 'open', 'http://registry.lan');
    expect(merged('podman', there, { ns: 'quay.io' })).toBe(text('quay.io'));
  });

  it('keeps what a person put there', () => {
    const there = `# mine\nshort-name-mode = "disabled"\n\n${BY_HAND}\n# ours\n${text('quay.io', 'open')}`;
    expect(merged('podman', there, { ns: 'docker.io' })).toBe(
      `# mine\nshort-name-mode = "disabled"\n\n${BY_HAND}\n# ours\n${text('quay.io,docker.io')}`,
    );
  });

  it('replaces what a person put there for a registry that is wanted', () => {
    expect(merged('podman', `${BY_HAND}\n${text('quay.io')}`, { ns: 'a.lan' })).toBe(
      text('a.lan,quay.io'),
    );
  });

  it.each([
    ['[', /is no TOML$/],
    ['registry = [{ location = "a.lan" }]', /no table can be added/],
  ])('is left alone when it is %j', (there, message) => {
    expect(() => merged('podman', there)).toThrow(message);
  });
});

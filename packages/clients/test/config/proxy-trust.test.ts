// Where the certificate goes, unit by unit: paths are those that the engines read.
import { parse } from 'smol-toml';
import { describe, expect, it } from 'vitest';
import { CA, config, files, merged, type Wanted } from '../request.ts';

const PROXIED = { ns: 'docker.io,host.lan:5000', ca: CA } as const;
const SYSTEM = 'update-ca-certificates';

function trusted(unit: string, more: Wanted = {}): readonly string[] {
  const given = config('proxy', { ...PROXIED, unit: `${unit}.service`, ...more }).files;
  return given.slice(1).map(({ path }) => path);
}

const notes = (unit: string, more: Wanted = {}): string =>
  config('proxy', { ...PROXIED, unit: `${unit}.service`, ...more }).notes.join('\n');

const DOCKER = [
  '/etc/docker/certs.d/portolan-ca.crt',
  '/etc/docker/certs.d/host.lan:5000/ca.crt',
  '/etc/docker/certs.d/registry.lan/ca.crt',
];
const CONTAINERD = [
  '/etc/containerd/certs.d/docker.io/ca.crt',
  '/etc/containerd/certs.d/host.lan_5000_/ca.crt',
  '/etc/containerd/certs.d/registry.lan/ca.crt',
];
const CONTAINERS = [
  '/etc/containers/certs.d/docker.io/ca.crt',
  '/etc/containers/certs.d/host.lan:5000/ca.crt',
  '/etc/containers/certs.d/registry.lan/ca.crt',
];
const BUILDKIT = ['/etc/buildkit/buildkitd.toml', '/etc/buildkit/portolan-ca.crt'];

describe('the certificate of a proxied engine', () => {
  it.each([
    ['docker', DOCKER],
    ['docker@one', DOCKER],
    ['containerd', CONTAINERD],
    ['podman', CONTAINERS],
    ['crio', CONTAINERS],
    ['cri-o', CONTAINERS],
    ['buildkit', BUILDKIT],
    ['buildkitd', BUILDKIT],
    ['k3s', ['/etc/systemd/system/k3s.service.d/portolan-ca.crt']],
  ])('of %s.service is at %j', (unit, places) => {
    expect(trusted(unit)).toEqual(places);
  });

  it('of a containerd that reads no such directory is where it is a matter of the system', () => {
    expect(trusted('containerd', { version: '1.4.13' })).toEqual([
      '/etc/systemd/system/containerd.service.d/portolan-ca.crt',
    ]);
    expect(notes('containerd', { version: '1.4.13' })).toContain(SYSTEM);
    expect(trusted('containerd', { version: '1.5' })).toEqual(CONTAINERD);
  });

  it('is left out without an own authority, and so is every word on it', () => {
    for (const unit of ['docker', 'containerd', 'podman', 'buildkit', 'k3s']) {
      const given = config('proxy', { ns: 'docker.io', unit: `${unit}.service` });
      expect(given.files).toHaveLength(1);
      expect(given.notes).toHaveLength(1);
    }
  });

  it.each<[string, string, Wanted]>([
    ['docker', '/etc/docker/certs.d/portolan-ca.crt', {}],
    ['k3s', '/etc/systemd/system/k3s.service.d/portolan-ca.crt', {}],
    ['buildkit', '/etc/buildkit/portolan-ca.crt', {}],
  ])('of %s.service belongs into the store of the system too: %s', (unit, file, more) => {
    expect(notes(unit, more)).toContain(`cp ${file} /usr/local/share/ca-certificates/`);
    expect(trusted(unit, more)).toContain(file);
  });

  it.each<[string, Wanted]>([
    ['docker', { ns: 'quay.io' }],
    ['containerd', {}],
    ['podman', {}],
  ])('of %s.service needs nothing of the system: %j', (unit, more) => {
    expect(notes(unit, more)).not.toContain(SYSTEM);
  });

  it.each(['containerd', 'podman', 'buildkit'])(
    'that programs beside %s.service connect by themselves is told',
    (unit) => {
      expect(notes(unit)).toMatch(/need HTTPS_PROXY/);
    },
  );
});

describe('buildkitd.toml behind a proxy', () => {
  it('has the certificate for each registry, by the name that is typed', () => {
    const given = files('proxy', { ...PROXIED, unit: 'buildkit.service' });
    const ca = ['/etc/buildkit/portolan-ca.crt'];
    expect(parse(given['/etc/buildkit/buildkitd.toml'] ?? '')).toEqual({
      registry: { 'docker.io': { ca }, 'host.lan:5000': { ca }, 'registry.lan': { ca } },
    });
  });

  it('keeps the mirrors that are there', () => {
    const mirrors = merged('buildkit', '', { ns: 'docker.io' });
    const file = config('proxy', { ...PROXIED, unit: 'buildkit.service' }).files[1];
    const text = file?.merge?.(mirrors) ?? '';
    expect(parse(text)).toMatchObject({
      registry: {
        'docker.io': {
          mirrors: ['registry.lan/docker.io'],
          ca: ['/etc/buildkit/portolan-ca.crt'],
        },
      },
    });
    expect(file?.merge?.(text)).toBe(text);
  });
});

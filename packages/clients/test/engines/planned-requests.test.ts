// The requests that real engines were seen to send, shape by shape.
import { Reference, RepositoryName, UpstreamHost } from '@portolan/oci';
import { describe, expect, it } from 'vitest';
import {
  CHECKED_ENGINES,
  type CheckedEngine,
  ownNameShapes,
  parseEngineVersion,
  parseRegistryAddress,
  type PlannedRequests,
  planRequests,
  shapesOf,
  type WantedImage,
} from '../../src/index.ts';

const REGISTRY = parseRegistryAddress('https://registry.lan');

function image(host: string, path: string, reference: string): WantedImage {
  return {
    host: UpstreamHost.find(host) ?? UpstreamHost.DOCKER_HUB,
    path: RepositoryName.parse(path),
    reference: Reference.parse(reference),
  };
}

const BUSYBOX = image('docker.io', 'library/busybox', 'musl');
const ETCD = image('quay.io', 'coreos/etcd', 'v3.1');

function plan(engine: CheckedEngine, shape: string, wanted: WantedImage, registry = REGISTRY) {
  const found = shapesOf(engine, undefined).find(({ name }) => name === shape);
  if (found === undefined) throw new Error(`${engine} has no shape ${shape}`);
  return planRequests(found, registry, wanted);
}

function planned(...args: Parameters<typeof plan>): PlannedRequests {
  const made = plan(...args);
  if ('reason' in made) throw new Error(made.reason);
  return made;
}

const CANONICAL = '/v2/docker.io/library/busybox/manifests/musl';
const BARE = '/v2/library/busybox/manifests/musl';

describe.each([
  ['podman', 'registries.conf', 'GET', CANONICAL],
  ['crio', 'registries.conf', 'GET', CANONICAL],
  ['containerd', 'hosts.toml', 'HEAD GET', `${BARE}?ns=docker.io`],
  ['containerd', 'hosts.toml with a path', 'HEAD GET', `/docker.io${BARE}?ns=docker.io`],
  ['containerd', 'hosts.toml with override_path', 'HEAD GET', `${CANONICAL}?ns=docker.io`],
  ['k3s', 'registries.yaml', 'HEAD GET', `${BARE}?ns=docker.io`],
  ['docker', 'hosts.toml', 'HEAD GET', `${BARE}?ns=docker.io`],
  ['docker', 'registry-mirrors with a path', 'HEAD GET', `/docker.io${BARE}`],
  ['buildkit', 'buildkitd.toml', 'HEAD GET', `${CANONICAL}?ns=docker.io`],
  ['any', 'full name', 'HEAD GET', CANONICAL],
] as const)('%s by %s', (engine, shape, methods, path) => {
  it(`sends ${methods} ${path} to the registry by its own name`, () => {
    const { manifest } = planned(engine, shape, BUSYBOX);
    expect(manifest.map(({ method }) => method).join(' ')).toBe(methods);
    const urls = new Set(manifest.map(({ url }) => url));
    expect(urls).toEqual(new Set([`https://registry.lan${path}`]));
  });
});

describe.each([
  ['docker', 'registry-mirrors', `https://docker-io.registry.lan${BARE}`],
  ['buildkit', 'inside dockerd', `https://docker-io.registry.lan${BARE}?ns=docker.io`],
  ['proxy', 'as the upstream itself', `https://registry-1.docker.io${BARE}`],
] as const)('%s by %s', (engine, shape, url) => {
  it(`asks for ${url}`, () => {
    expect(planned(engine, shape, BUSYBOX).manifest[0]?.url).toBe(url);
  });
});

describe('what engines ask a token for', () => {
  it.each([
    ['podman', 'registries.conf', 'repository:docker.io/library/busybox:pull', false],
    ['any', 'full name', 'repository:docker.io/library/busybox:pull', false],
    ['docker', 'registry-mirrors', 'repository:library/busybox:pull', false],
    ['docker', 'registry-mirrors with a path', 'repository:library/busybox:pull', false],
    ['proxy', 'as the upstream itself', 'repository:library/busybox:pull', false],
    ['containerd', 'hosts.toml', 'repository:library/busybox:pull', true],
    ['containerd', 'hosts.toml with override_path', 'repository:library/busybox:pull', true],
    ['buildkit', 'buildkitd.toml', 'repository:library/busybox:pull', true],
  ] as const)('%s by %s: %s, and the scope of the challenge: %s', (engine, shape, scope, both) => {
    const { ownScope, takesChallengedScope } = planned(engine, shape, BUSYBOX);
    expect([ownScope, takesChallengedScope]).toEqual([scope, both]);
  });

  it.each([
    ['podman', 'registries.conf', 'https://registry.lan/v2/'],
    ['docker', 'registry-mirrors', 'https://docker-io.registry.lan/v2/'],
    ['docker', 'registry-mirrors with a path', 'https://registry.lan/docker.io/v2/'],
    ['proxy', 'as the upstream itself', 'https://registry-1.docker.io/v2/'],
    ['containerd', 'hosts.toml', undefined],
    ['buildkit', 'buildkitd.toml', undefined],
  ] as const)('%s by %s pings %s before', (engine, shape, url) => {
    expect(planned(engine, shape, BUSYBOX).ping?.url).toBe(url);
  });
});

describe('an image that is typed with a name below ours', () => {
  const typed = image('quay-io.registry.lan', 'coreos/etcd', 'v3.1');

  it.each(CHECKED_ENGINES)('is asked for there by %s, with the login for that name', (engine) => {
    for (const shape of ownNameShapes(shapesOf(engine, undefined))) {
      const made = planRequests(shape, REGISTRY, typed);
      expect(made).toMatchObject({
        ownScope: 'repository:coreos/etcd:pull',
        login: { host: 'quay-io.registry.lan' },
      });
      const urls = 'reason' in made ? [] : made.manifest.map(({ url }) => url);
      const url = 'https://quay-io.registry.lan/v2/coreos/etcd/manifests/v3.1';
      expect(new Set(urls)).toEqual(new Set([url]));
    }
  });
});

describe('the login that goes along', () => {
  const repository = 'docker.io/library/busybox';
  const typed = image('registry.lan', repository, 'musl');

  it.each([
    ['podman', 'registries.conf', { host: 'registry.lan', repository }],
    ['crio', 'registries.conf', { host: 'registry.lan', repository }],
    ['k3s', 'registries.yaml', { host: 'registry.lan', repository: undefined }],
    ['any', 'full name', { host: 'registry.lan', repository: undefined }],
    ['docker', 'registry-mirrors', undefined],
    ['containerd', 'hosts.toml', undefined],
    ['proxy', 'as the upstream itself', undefined],
  ] as const)('of %s by %s is that for %j', (engine, shape, login) => {
    expect(planned(engine, shape, BUSYBOX).login).toEqual(login);
  });

  it.each([
    ['podman', repository],
    ['crio', repository],
    ['containerd', undefined],
    ['docker', undefined],
  ] as const)('of %s is for the repository %s of our own name', (engine, wanted) => {
    for (const shape of ownNameShapes(shapesOf(engine, undefined))) {
      const login = { host: 'registry.lan', repository: wanted };
      expect(planRequests(shape, REGISTRY, typed)).toMatchObject({ login });
    }
  });
});

describe('a shape that cannot be used', () => {
  it('says that mirrors of dockerd are for docker.io alone', () => {
    expect(plan('docker', 'registry-mirrors', ETCD)).toEqual({
      reason: expect.stringContaining('client config proxy'),
    });
  });

  it('says that an address has no names below it', () => {
    const address = parseRegistryAddress('http://127.0.0.1:5000');
    expect(plan('docker', 'registry-mirrors', BUSYBOX, address)).toHaveProperty('reason');
  });
});

describe("an image that is typed with the registry's own name", () => {
  const typed = image('registry.lan', 'docker.io/library/busybox', 'musl');

  it.each(CHECKED_ENGINES)('is asked for as it is by %s, in every shape', (engine) => {
    for (const shape of ownNameShapes(shapesOf(engine, undefined))) {
      const made = planRequests(shape, REGISTRY, typed);
      expect(made).toMatchObject({ ownScope: 'repository:docker.io/library/busybox:pull' });
      const urls = 'reason' in made ? [] : made.manifest.map(({ url }) => url);
      expect(new Set(urls)).toEqual(new Set([`https://registry.lan${CANONICAL}`]));
      expect(made).toMatchObject({ login: { host: 'registry.lan' } });
      expect(shape).toMatchObject({ name: 'full name', fallback: 'never' });
    }
  });

  it.each([
    ['docker', undefined, ['ping', 'manifest']],
    ['docker', '20.10.24', ['ping']],
    ['docker', '29', ['manifest']],
    ['containerd', undefined, ['manifest']],
    ['buildkit', undefined, ['manifest']],
    ['proxy', undefined, ['ping']],
  ] as const)(
    'is one question of %s %s for each way to log in: %j',
    (engine, version, expected) => {
      const shapes = shapesOf(
        engine,
        version === undefined ? version : parseEngineVersion(version),
      );
      expect(ownNameShapes(shapes).map(({ challengedBy }) => challengedBy)).toEqual(expected);
    },
  );
});

it('a port is a part of ns, and of the name of the namespace', () => {
  const wanted = image('host.lan:5000', 'a/b', 'v1');
  expect(planned('containerd', 'hosts.toml', wanted).manifest[0]?.url).toMatch(
    /\/v2\/a\/b\/manifests\/v1\?ns=host\.lan%3A5000$/,
  );
  expect(planned('podman', 'registries.conf', wanted).manifest[0]?.url).toMatch(
    /\/v2\/host\.lan_5000\/a\/b\/manifests\/v1$/,
  );
});

it('no planned request has credentials in it', () => {
  for (const engine of CHECKED_ENGINES) {
    for (const { name } of shapesOf(engine, undefined)) {
      const { ping, manifest } = planned(engine, name, BUSYBOX);
      for (const request of [...(ping === undefined ? [] : [ping]), ...manifest]) {
        expect(request.headers).not.toHaveProperty('authorization');
      }
    }
  }
});

it.each([
  ['docker', '20.10.24', ['registry-mirrors']],
  ['docker', '25.0.0', ['registry-mirrors', 'registry-mirrors with a path']],
  ['docker', '29.1.0', ['hosts.toml']],
  ['podman', '4.3.1', ['registries.conf']],
] as const)('%s %s asks by %j', (engine, version, names) => {
  expect(shapesOf(engine, parseEngineVersion(version)).map(({ name }) => name)).toEqual(names);
});

import { UpstreamHost } from '@portolan/oci';
import { describe, expect, it } from 'vitest';
import { RegistryError } from '../../src/registry-error.ts';
import { createViewResolver, repositoryInView } from '../../src/views/resolve-view.ts';

const MIRRORED = ['docker.io', 'quay.io', 'localhost_5000', 'a.b-c.example', 'a-b.c.example'];
const PUBLIC_URL = 'https://registry.lan';

function createCountingViews(names: readonly string[] = MIRRORED) {
  const asked: string[] = [];
  const find = async (name: string) => {
    asked.push(name);
    return names.includes(name);
  };
  const all = async () => {
    asked.push('*');
    return names;
  };
  return { asked, find, all };
}

async function resolve(host: string | undefined, target: string, publicUrl = PUBLIC_URL) {
  const [path = '', query = ''] = target.split('?');
  const resolveView = createViewResolver({ publicUrl, views: createCountingViews() });
  const resolved = await resolveView({ host, path, query: new URLSearchParams(query) });
  return [resolved.view, resolved.path];
}

async function refusal(host: string, target: string): Promise<RegistryError> {
  const error: unknown = await resolve(host, target).catch((reason: unknown) => reason);
  if (error instanceof RegistryError) return error;
  throw new Error(`not refused: ${JSON.stringify(error)}`);
}

const TAIL = 'library/busybox/manifests/musl';
const HUB = 'docker.io';

describe('the registry meant by a request', () => {
  it.each<[host: string | undefined, target: string, view: string | undefined, path: string]>([
    ['registry.lan', `/v2/docker.io/${TAIL}`, undefined, `/v2/docker.io/${TAIL}`],
    ['registry.lan', '/v2', undefined, '/v2'],
    ['registry.lan:443', '/v2/', undefined, '/v2/'],
    ['registry.lan.', '/v2/', undefined, '/v2/'],
    ['REGISTRY.LAN', '/v2/', undefined, '/v2/'],
    [undefined, '/v2/', undefined, '/v2/'],
    ['10.0.0.1:5000', '/v2/', undefined, '/v2/'],
    ['no host at all', '/v2/', undefined, '/v2/'],
    ['ghcr.io', '/v2/', undefined, '/v2/'],
    ['portal.registry.lan', '/v2/', undefined, '/v2/'],
    ['registry.lan', `/v2/${TAIL}?ns=docker.io`, HUB, `/v2/${TAIL}`],
    ['registry.lan', `/v2/${TAIL}?ns=Index.Docker.IO`, HUB, `/v2/${TAIL}`],
    ['registry.lan', `/v2/${TAIL}?ns=docker.io&ns=registry-1.docker.io`, HUB, `/v2/${TAIL}`],
    ['registry.lan', `/v2/${TAIL}?ns=docker.io:443`, HUB, `/v2/${TAIL}`],
    ['registry.lan', `/v2/${TAIL}?ns=registry.lan`, undefined, `/v2/${TAIL}`],
    ['registry.lan', `/v2/${TAIL}?ns=docker-io.registry.lan`, HUB, `/v2/${TAIL}`],
    ['registry.lan', `/v2/${TAIL}?ns=localhost:5000`, 'localhost:5000', `/v2/${TAIL}`],
    ['registry.lan', `/v2/${TAIL}?ns=localhost%3A5000`, 'localhost:5000', `/v2/${TAIL}`],
    ['registry.lan', `/v2/${TAIL}?ns=localhost_5000`, 'localhost:5000', `/v2/${TAIL}`],
    ['registry.lan', `/docker.io/v2/${TAIL}`, HUB, `/v2/${TAIL}`],
    ['registry.lan', '/docker.io/v2/', HUB, '/v2/'],
    ['registry.lan', '/docker.io/v2', HUB, '/v2'],
    ['registry.lan', `/index.docker.io/v2/${TAIL}`, HUB, `/v2/${TAIL}`],
    ['registry.lan', `/registry.lan/v2/${TAIL}`, undefined, `/v2/${TAIL}`],
    ['registry.lan', '/localhost_5000/v2/', 'localhost:5000', '/v2/'],
    ['registry.lan', '/localhost:5000/v2/', 'localhost:5000', '/v2/'],
    ['registry.lan', '/localhost%3A5000/v2/', 'localhost:5000', '/v2/'],
    ['registry.lan', `/docker.io/v2/${TAIL}?ns=docker.io`, HUB, `/v2/${TAIL}`],
    ['docker-io.registry.lan', `/v2/${TAIL}`, HUB, `/v2/${TAIL}`],
    ['Docker-IO.registry.lan:8443', `/v2/${TAIL}`, HUB, `/v2/${TAIL}`],
    ['localhost-5000.registry.lan', '/v2/', 'localhost:5000', '/v2/'],
    ['docker-io.registry.lan', `/docker.io/v2/${TAIL}?ns=docker.io`, HUB, `/v2/${TAIL}`],
    ['quay.io', '/v2/coreos/etcd/tags/list', 'quay.io', '/v2/coreos/etcd/tags/list'],
    ['quay.io:443', '/v2/', 'quay.io', '/v2/'],
    ['registry-1.docker.io', '/v2/', HUB, '/v2/'],
    ['quay.io', '/v2/?ns=quay.io', 'quay.io', '/v2/'],
    ['registry.lan', '/v2/library/v2/manifests/x', undefined, '/v2/library/v2/manifests/x'],
    ['registry.lan', '/team/v2/', undefined, '/team/v2/'],
  ])('%s %s → %s', async (host, target, view, path) => {
    expect(await resolve(host, target)).toEqual([view, path]);
  });

  it('is ours when our own name is that of a namespace, too', async () => {
    expect(await resolve('localhost:5000', '/v2/', 'http://localhost:5000')).toEqual([
      undefined,
      '/v2/',
    ]);
  });

  it.each([
    ['registry.lan', '/v2/?ns=ghcr.io', { name: 'ghcr.io' }],
    ['registry.lan', '/v2/?ns=', { name: '' }],
    ['registry.lan', '/v2/?ns=library', { name: 'library' }],
    ['registry.lan', '/v2/?ns=http://quay.io/', { name: 'http://quay.io/' }],
    ['registry.lan', '/v2/?ns=localhost:5001', { name: 'localhost:5001' }],
    ['registry.lan', '/ghcr.io/v2/', { name: 'ghcr.io' }],
    ['ghcr-io.registry.lan', '/v2/', { name: 'ghcr-io.registry.lan' }],
    ['registry.lan', '/v2/?ns=quay.io&ns=docker.io', { names: ['quay.io', 'docker.io'] }],
    ['registry.lan', '/quay.io/v2/?ns=docker.io', { names: ['quay.io', 'docker.io'] }],
    ['quay.io', '/docker.io/v2/', { names: ['quay.io', 'docker.io'] }],
    ['quay.io', '/v2/?ns=docker.io', { names: ['quay.io', 'docker.io'] }],
    ['docker-io.registry.lan', '/v2/?ns=registry.lan', { names: expect.anything() }],
    ['a-b-c-example.registry.lan', '/v2/', { name: 'a-b-c-example.registry.lan' }],
  ])('%s %s is none', async (host, target, detail) => {
    const error = await refusal(host, target);
    expect(error.code).toBe('view-unknown');
    expect(error.detail).toMatchObject(detail);
    const text = JSON.stringify(error.detail);
    for (const other of MIRRORED) {
      if (!target.includes(other) && host !== other) expect(text).not.toContain(other);
    }
  });

  it('cuts what it repeats of a request', async () => {
    const { detail } = await refusal('registry.lan', `/v2/?ns=${'x'.repeat(5000)}`);
    expect(JSON.stringify(detail).length).toBeLessThan(600);
  });

  it.each([
    ['/v2/docker.io/library/busybox/manifests/musl', []],
    ['/v2/x/manifests/y?ns=docker.io', ['docker.io']],
    ['/docker.io/v2/x/manifests/y', ['docker.io']],
  ])('costs %s the look-ups %j', async (target, expected) => {
    const views = createCountingViews();
    const resolveView = createViewResolver({ publicUrl: PUBLIC_URL, views });
    const [path = '', query = ''] = target.split('?');
    await resolveView({ host: 'registry.lan', path, query: new URLSearchParams(query) });
    expect(views.asked).toEqual(expected);
  });
});

describe('a repository seen through a view', () => {
  it.each<[view: string | undefined, name: string, repository: string]>([
    [undefined, 'docker.io/busybox', 'docker.io/busybox'],
    [undefined, 'team/app', 'team/app'],
    ['docker.io', 'busybox', 'docker.io/library/busybox'],
    ['docker.io', 'library/busybox', 'docker.io/library/busybox'],
    ['docker.io', 'docker.io/busybox', 'docker.io/library/busybox'],
    ['docker.io', 'docker.io/library/busybox', 'docker.io/library/busybox'],
    ['docker.io', 'index.docker.io/library/busybox', 'docker.io/library/busybox'],
    ['docker.io', 'team/docker.io', 'docker.io/team/docker.io'],
    ['quay.io', 'coreos/etcd', 'quay.io/coreos/etcd'],
    ['quay.io', 'quay.io/coreos/etcd', 'quay.io/coreos/etcd'],
    ['quay.io', 'docker.io/library/busybox', 'quay.io/docker.io/library/busybox'],
    ['localhost:5000', 'localhost_5000/app', 'localhost_5000/app'],
    ['localhost:5000', 'localhost:5000/app', 'localhost_5000/app'],
  ])('through %s, %s is %s', (view, name, repository) => {
    const host = view === undefined ? undefined : UpstreamHost.find(view);
    expect(repositoryInView(host, name)).toBe(repository);
  });

  it.each(['UPPER/case', 'a//b', 'quay.io:5000/app', 'x'.repeat(200)])(
    '%s is malformed',
    (name) => {
      const act = () => repositoryInView(UpstreamHost.DOCKER_HUB, name);
      expect(act).toThrow(expect.objectContaining({ code: 'name-invalid' }));
    },
  );
});

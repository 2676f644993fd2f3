// Where images go: skopeo's names, and no silent collision.
import { describe, expect, it } from 'vitest';
import { formatUpstreamName, parseUpstreamName } from '../../src/names/upstream-name.ts';
import { createDirRepository } from '../../src/places/dir-repository.ts';
import type { SyncImage } from '../../src/skopeo/sync-images.ts';
import { planItems, type SyncDestination } from '../../src/skopeo/sync-targets.ts';

const DIGEST = `sha256:${'ab'.repeat(32)}`;
const REGISTRY: SyncDestination = { kind: 'docker', prefix: 'registry.lan' };
const STICK: SyncDestination = { kind: 'dir', root: '/media/usb' };

function image(name: string): SyncImage {
  const { reference, ...upstream } = parseUpstreamName(name);
  if (reference === undefined) throw new Error('no reference');
  const full = formatUpstreamName(upstream);
  const label = `docker://${formatUpstreamName({ ...upstream, reference })}`;
  return { repository: createDirRepository(full, []), reference, name: full, label };
}

function labels(names: readonly string[], to: SyncDestination, isScoped = false, suffix = '') {
  return planItems(names.map(image), to, { isScoped, suffix }).map(({ target }) => target.label);
}

describe('targets of sync', () => {
  it.each<[string, boolean, SyncDestination, string]>([
    ['busybox:musl', false, REGISTRY, 'docker://registry.lan/busybox:musl'],
    ['busybox:musl', true, REGISTRY, 'docker://registry.lan/docker.io/library/busybox:musl'],
    ['quay.io/coreos/etcd:v3.1', true, REGISTRY, 'docker://registry.lan/quay.io/coreos/etcd:v3.1'],
    [`quay.io/a/b@${DIGEST}`, false, REGISTRY, `docker://registry.lan/b@${DIGEST}`],
    ['localhost:5000/a/b:1', true, REGISTRY, 'docker://registry.lan/localhost_5000/a/b:1'],
    [
      'a/b:1',
      false,
      { kind: 'docker', prefix: 'registry.lan/team/x' },
      'docker://registry.lan/team/x/b:1',
    ],
    [
      'quay.io/a/b:1',
      false,
      { kind: 'docker', prefix: 'docker.io' },
      'docker://docker.io/library/b:1',
    ],
    ['busybox:musl', false, STICK, 'dir:/media/usb/busybox:musl'],
    ['busybox:musl', true, STICK, 'dir:/media/usb/docker.io/library/busybox:musl'],
    // As skopeo has it: on disk a colon is no harm beyond that of the tag's.
    ['localhost:5000/a/b:1', true, STICK, 'dir:/media/usb/localhost:5000/a/b:1'],
    [`quay.io/a/b@${DIGEST}`, true, STICK, `dir:/media/usb/quay.io/a/b@${DIGEST}`],
  ])('puts %s (scoped: %s) there', (name, isScoped, destination, label) => {
    expect(labels([name], destination, isScoped)).toEqual([label]);
  });

  it('adds a suffix to tags', () => {
    expect(labels(['a/b:1'], REGISTRY, false, '-old')).toEqual(['docker://registry.lan/b:1-old']);
  });

  it.each([
    ['to a digest', [`a/b@${DIGEST}`], '-old'],
    ['that makes a malformed tag', ['a/b:1'], '/x'],
    ['that makes a tag too long', ['a/b:1'], 'x'.repeat(128)],
  ])('refuses a suffix %s', (_what, names, suffix) => {
    expect(() => labels(names, REGISTRY, false, suffix)).toThrow(
      expect.objectContaining({ code: 'request-invalid' }),
    );
  });

  it.each([
    ['two repositories', ['a/redis:1', 'b/redis:1'], false],
    ['two registries', ['quay.io/redis:1', 'redis:1'], false],
    ['two ports', ['h:1/redis:1', 'h_1/redis:1'], false],
  ])('refuses one name for %s', (_what, names, isScoped) => {
    for (const destination of [REGISTRY, STICK]) {
      expect(() => labels(names, destination, isScoped)).toThrow(
        expect.objectContaining({
          code: 'request-invalid',
          message: expect.stringContaining('same name'),
        }),
      );
    }
  });

  it('has different tags, and scoped names, side by side', () => {
    expect(labels(['a/redis:1', 'b/redis:2'], REGISTRY)).toHaveLength(2);
    expect(labels(['a/redis:1', 'b/redis:1'], REGISTRY, true)).toHaveLength(2);
  });
});

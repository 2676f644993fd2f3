import { parse } from 'smol-toml';
import { describe, expect, it } from 'vitest';
import { CA, config, files, merged } from '../request.ts';

const FILE = '/etc/buildkit/buildkitd.toml';

describe('buildkitd.toml', () => {
  it('has a mirror for each registry, and how ours is reached', () => {
    expect(files('buildkit', { ns: 'docker.io,quay.io', ca: CA })).toEqual({
      [FILE]: `[registry."docker.io"]
  mirrors = ["registry.lan/docker.io"]

[registry."quay.io"]
  mirrors = ["registry.lan/quay.io"]

[registry."registry.lan"]
  ca = ["/etc/buildkit/portolan-ca.crt"]
`,
      '/etc/buildkit/portolan-ca.crt': CA,
    });
  });

  it('says so when ours is plain HTTP', () => {
    const { registry } = parse(files('buildkit', { registry: 'http://r.lan:5000' })[FILE] ?? '');
    expect(registry).toHaveProperty(['r.lan:5000'], { http: true });
  });

  it('keeps what else is in the file', () => {
    const existing =
      'debug = true\n[registry."docker.io"]\nhttp = false\nmirrors = ["old.lan"]\n[worker.oci]\nenabled = true\n';
    expect(parse(merged('buildkit', existing))).toEqual({
      debug: true,
      registry: { 'docker.io': { http: false, mirrors: ['registry.lan/docker.io'] } },
      worker: { oci: { enabled: true } },
    });
  });

  it('stays as it is, with its comments, when it has all of that', () => {
    const existing = `# ours\n${files('buildkit')[FILE]}`;
    expect(merged('buildkit', existing)).toBe(existing);
  });

  it('is left alone when it is no TOML', () => {
    expect(() => merged('buildkit', 'a = ')).toThrow(/no TOML/);
  });

  it('is refused fail-closed: BuildKit always asks the registry itself in the end', () => {
    expect(() => config('buildkit', { fails: 'closed' })).toThrow(/cannot be fail-closed/);
  });

  it('tells that whoever asks for a build fetches the token, and needs the certificate', () => {
    expect(config('buildkit', { ca: CA }).notes.join('\n')).toContain('system store');
  });
});

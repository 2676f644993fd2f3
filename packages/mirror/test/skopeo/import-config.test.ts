// Files of other tools become rules that our own rules file takes; what does not is said.
import { describe, expect, it } from 'vitest';
import { stringify } from 'yaml';
import { parseRulesFile } from '../../src/rules/rules-file.ts';
import { importConfig } from '../../src/skopeo/import-config.ts';

const DIGEST = `sha256:${'ab'.repeat(32)}`;

describe('importing a configuration', () => {
  it("reads skopeo's source file", () => {
    const { format, rules, problems, notes } = importConfig(`
docker.io:
  images:
    busybox: [musl, 1.10, "${DIGEST}"]
    alpine: []
  images-by-tag-regex: {busybox: ^glibc}
  images-by-semver: {alpine: ">=3"}
quay.io:
  images-by-semver: {coreos/etcd: ">=3.1"}
  credentials: {username: u, password: p}
  tls-verify: false
  cert-dir: /certs`);
    expect(format).toBe('skopeo');
    expect(rules).toEqual([
      {
        from: 'docker.io/library/busybox',
        tags: ['musl', '1.10'],
        digests: [DIGEST],
        regex: ['^glibc'],
      },
      // All of it, and some of it once more.
      { from: 'docker.io/library/alpine' },
      { from: 'quay.io/coreos/etcd', semver: '>=3.1' },
    ]);
    expect(problems).toEqual([]);
    expect(notes).toEqual([
      'quay.io.credentials: not taken over; set it for the upstream quay.io',
      'quay.io.tls-verify: not taken over; set it for the upstream quay.io',
      'quay.io.cert-dir: not taken over; set it for the upstream quay.io',
    ]);
    expect(parseRulesFile(stringify(rules))).toHaveLength(3);
  });

  it("reads lstags' file", () => {
    const { format, rules, problems, notes } = importConfig(`
lstags:
  repositories:
    - busybox
    - nginx:stable
    - mesosphere/marathon-lb~/^v1/
    - quay.io/coreos/awscli=master,latest,edge
    - gcr.io/google-containers/hyperkube~/^v1\\.(9|10)\\./
    - localhost:5000/a/b:1
    - nginx=1.13,1.14
    - Bad
    - a/b~/([/
  push-registry: registry.lan`);
    expect(format).toBe('lstags');
    expect(rules).toEqual([
      { from: 'docker.io/library/busybox' },
      { from: 'docker.io/library/nginx', tags: ['stable', '1.13', '1.14'] },
      { from: 'docker.io/mesosphere/marathon-lb', regex: ['^v1'] },
      { from: 'quay.io/coreos/awscli', tags: ['master', 'latest', 'edge'] },
      { from: 'gcr.io/google-containers/hyperkube', regex: ['^v1\\.(9|10)\\.'] },
      { from: 'localhost:5000/a/b', tags: ['1'] },
    ]);
    expect(notes).toEqual(['lstags.push-registry: has no counterpart']);
    expect(problems).toEqual([
      expect.stringContaining('lstags.repositories[7] (Bad): image name is malformed'),
      expect.stringContaining('regular expression is malformed'),
    ]);
    expect(parseRulesFile(stringify(rules))).toHaveLength(6);
  });

  it("reads regsync's file", () => {
    const { format, rules, problems, notes } = importConfig(`
version: 1
creds:
  - registry: docker.io
    user: u
    pass: p
defaults:
  interval: 12h
  parallel: 2
  backup: "bkup"
x-common: &common
  platforms: [linux/amd64, linux/arm64]
sync:
  - <<: *common
    source: alpine
    target: registry.lan/library/alpine
    type: repository
    tags:
      allow: ["3", "3\\\\.\\\\d+"]
      deny: [".*-rc"]
      semverRange: [">=3.1", "^2"]
    schedule: "15 3 * * *"
    hooks: {}
  - source: quay.io/coreos/etcd:v3.1
    target: registry.lan/quay.io/coreos/etcd:v3.1
    type: image
  - source: quay.io/coreos/etcd:latest
    target: registry.lan/quay.io/coreos/etcd:latest
    type: image
    platform: linux/amd64
  - {source: a/b, target: registry.lan/a/b, type: repository, interval: 7h}
  - {source: a/c, target: ocidir:///x, type: repository}
  - {source: a/d:1, target: "registry.lan/a/d:2", type: image}
  - {source: "{{ env \\"X\\" }}", target: registry.lan/x, type: repository}
  - {source: docker.io, target: registry.lan, type: registry}`);
    expect(format).toBe('regsync');
    expect(rules).toEqual([
      {
        from: 'docker.io/library/alpine',
        to: 'library/alpine',
        regex: ['^(?:3)$', '^(?:3\\.\\d+)$'],
        semver: '>=3.1 || ^2',
        exclude: ['^(?:.*-rc)$'],
        platforms: ['linux/amd64', 'linux/arm64'],
        schedule: '15 3 * * *',
      },
      {
        from: 'quay.io/coreos/etcd',
        to: 'quay.io/coreos/etcd',
        tags: ['v3.1'],
        schedule: '0 */12 * * *',
      },
      { from: 'docker.io/a/b', to: 'a/b' },
    ]);
    expect(notes).toEqual([
      'creds: not taken over; set them for the upstream docker.io',
      'defaults.backup: has no counterpart',
      'sync[0].hooks: has no counterpart',
      'sync[2].platform: the index is kept, with this platform alone below it',
      'sync[3].interval: cron cannot say every 7h; give a schedule',
    ]);
    expect(problems).toEqual([
      'sync[4]: target is a directory; use `portolan bundle`',
      'sync[5]: a tag keeps its name here: not 2',
      'sync[6]: source is a template',
      'sync[7]: type registry has no counterpart',
      'quay.io/coreos/etcd: writes to quay.io/coreos/etcd with other settings than an entry before it',
    ]);
    expect(parseRulesFile(stringify(rules))).toHaveLength(3);
  });

  it.each(['', '[]', 'a: [', 'sync: []', 'lstags: {}', 'lstags: {repositories: x}', 'version: 1'])(
    'says what is wrong with %j',
    (text) => {
      const { rules, problems } = importConfig(text);
      expect(rules).toEqual([]);
      expect(problems).not.toEqual([]);
    },
  );
});

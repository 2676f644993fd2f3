// dockerd before version 29: daemon.json.
import { describe, expect, it } from 'vitest';
import { CA, config, files, merged } from '../request.ts';

const MIRROR = 'https://docker-io.registry.lan';

describe('daemon.json', () => {
  it('names the virtual host of Docker Hub, without a path', () => {
    expect(files('docker')).toEqual({
      '/etc/docker/daemon.json': `{
  "registry-mirrors": [
    "https://docker-io.registry.lan"
  ]
}
`,
    });
  });

  it('has the certificate for the virtual host and for our own name', () => {
    const { '/etc/docker/daemon.json': _, ...certificates } = files('docker', {
      ca: CA,
      registry: 'https://registry.lan:5000',
    });
    expect(certificates).toEqual({
      '/etc/docker/certs.d/docker-io.registry.lan:5000/ca.crt': CA,
      '/etc/docker/certs.d/registry.lan:5000/ca.crt': CA,
    });
  });

  it.each([
    ['', { 'registry-mirrors': [MIRROR] }],
    [
      '{"log-driver":"journald","registry-mirrors":["https://other.lan"]}',
      { 'log-driver': 'journald', 'registry-mirrors': [MIRROR, 'https://other.lan'] },
    ],
  ])('is merged into %j', (existing, expected) => {
    expect(JSON.parse(merged('docker', existing))).toEqual(expected);
  });

  it.each([
    `{ "registry-mirrors": ["${MIRROR}"] }`,
    `{ "registry-mirrors": ["https://other.lan", "${MIRROR}/"] }`,
  ])('stays as it is when it has the mirror: %s', (existing) => {
    expect(merged('docker', existing)).toBe(existing);
  });

  it.each(['{', '[]', '"x"', '{"registry-mirrors":"x"}'])('is left alone when it is %s', (text) => {
    expect(() => merged('docker', text)).toThrow(/daemon\.json/);
  });

  it.each([
    ['fail-closed', { fails: 'closed' }, /cannot be fail-closed/, /client config proxy/],
    ['other registries', { ns: 'quay.io' }, /for docker\.io alone/, /client config proxy/],
    ['a nameless registry', { registry: 'https://10.0.0.1' }, /needs a name/, /engine-version/],
  ] as const)('is refused for %s, with what does it', (_, wanted, message, hint) => {
    expect(() => config('docker', wanted)).toThrow(
      expect.objectContaining({
        message: expect.stringMatching(message),
        detail: { hint: expect.stringMatching(hint) },
      }),
    );
  });

  it('says which registries it is not for', () => {
    const { notes } = config('docker', { ns: 'docker.io,quay.io' });
    expect(notes.join('\n')).toContain('Not for quay.io');
  });

  it('has a path for a registry without a name, which docker takes since version 25', () => {
    const given = files('docker', { registry: 'https://10.0.0.1:5000', version: '25.0.3' });
    expect(given['/etc/docker/daemon.json']).toContain('"https://10.0.0.1:5000/docker.io"');
  });
});

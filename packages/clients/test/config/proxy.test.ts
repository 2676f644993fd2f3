import { describe, expect, it } from 'vitest';
import { config, files } from '../request.ts';

const DROP_IN = '/etc/systemd/system/docker.service.d/50-portolan-proxy.conf';

describe('the drop-in for a proxy', () => {
  it('sends dockerd through the CONNECT listener, but to the registry itself', () => {
    expect(files('proxy')).toEqual({
      [DROP_IN]: `[Service]
Environment="HTTPS_PROXY=http://registry.lan:3128"
Environment="NO_PROXY=registry.lan,localhost,127.0.0.1,::1"
`,
    });
  });

  it.each([
    [{ registry: 'https://registry.lan:8443' }, 'HTTPS_PROXY=http://registry.lan:3128"'],
    [{ registry: 'https://registry.lan:8443' }, 'NO_PROXY=registry.lan,'],
    [{ proxy: 'http://proxy.lan:8080' }, 'HTTPS_PROXY=http://proxy.lan:8080"'],
  ])('%j gives %s', (wanted, text) => {
    expect(files('proxy', wanted)[DROP_IN]).toContain(text);
  });

  it('goes to another unit when one is named', () => {
    const [path] = Object.keys(files('proxy', { unit: 'containerd.service' }));
    expect(path).toBe('/etc/systemd/system/containerd.service.d/50-portolan-proxy.conf');
  });

  it.each([
    [{ fails: 'open' }, /no setting of the engine/],
    [{ proxy: 'socks5://proxy.lan' }, /no http URL/],
    [{ proxy: 'http://proxy.lan/"%n' }, /no http URL/],
    [{ proxy: 'http://registry.lan:3128/#a' }, /no http URL/],
    [{ proxy: 'http://robot:secret@proxy.lan:3128' }, /has credentials in it$/],
    [{ unit: '../../x.service' }, /no systemd service/],
    [{ unit: 'docker' }, /no systemd service/],
  ] as const)('is refused for %j', (wanted, message) => {
    expect(() => config('proxy', wanted)).toThrow(message);
  });
});

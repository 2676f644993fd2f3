// deploy/caddy/Caddyfile as it is shipped.
import { describeProxy } from './describe-proxy.ts';
import { certificateTests } from './proxy-certificates.ts';

describeProxy({
  title: 'Caddy',
  packages: ['caddy'],
  group: 'caddy',
  async prepare(box) {
    const path = await box.copyDeployed('caddy/Caddyfile', {
      'read_header 30s': 'read_header 2s',
      'idle 60s': 'idle 2s',
    });
    const file = ['--adapter', 'caddyfile', '--config', path];
    return {
      file: '/usr/bin/caddy',
      args: ['run', ...file],
      check: ['validate', ...file],
      env: {
        HOME: box.directory,
        PORTOLAN_CERTIFICATES: box.certificates,
        PORTOLAN_REGISTRY_SOCKET: box.registrySocket,
        PORTOLAN_AUTH_SOCKET: box.authSocket,
      },
    };
  },
  more: certificateTests,
});

// deploy/caddy/Caddyfile as it is shipped.
import { describeProxy } from './describe-proxy.ts';
import { certificateTests } from './proxy-certificates.ts';
import { headerTests, requestIdTests } from './proxy-headers.ts';
import { nameTests } from './proxy-names.ts';
import { restartTests } from './proxy-restart.ts';
import { transferTests } from './proxy-transfers.ts';

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
        PORTOLAN_REGISTRY_SOCKET: box.sockets.registry,
        PORTOLAN_AUTH_SOCKET: box.sockets.auth,
      },
    };
  },
  tests: [nameTests, headerTests, requestIdTests, transferTests, certificateTests, restartTests],
});

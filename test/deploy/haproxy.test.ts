// deploy/haproxy/haproxy.cfg as it is shipped.
import { describeProxy } from './describe-proxy.ts';
import { certificateTests } from './proxy-certificates.ts';
import { dockerTests } from './proxy-docker.ts';

describeProxy({
  title: 'HAProxy',
  packages: ['haproxy', 'docker.io'],
  group: 'haproxy',
  async prepare(box) {
    const path = await box.copyDeployed('haproxy/haproxy.cfg', {
      'timeout http-request 30s': 'timeout http-request 2s',
      'timeout http-keep-alive 60s': 'timeout http-keep-alive 2s',
    });
    return {
      file: '/usr/sbin/haproxy',
      // With a master that stays root, so that it ends with the test.
      args: ['-W', '-db', '-f', path],
      check: ['-c', '-f', path],
      env: {
        PORTOLAN_CERTIFICATES: box.certificates,
        PORTOLAN_REGISTRY_SOCKET: box.registrySocket,
        PORTOLAN_AUTH_SOCKET: box.authSocket,
      },
    };
  },
  more: (box) => {
    certificateTests(box);
    dockerTests(box);
  },
});

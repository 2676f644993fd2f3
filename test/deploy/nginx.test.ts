// deploy/nginx/portolan.conf as it is shipped, in the frame that Debian's nginx.conf is.
import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describeProxy } from './describe-proxy.ts';
import { headerTests, requestIdTests } from './proxy-headers.ts';
import { nameTests } from './proxy-names.ts';
import { transferTests } from './proxy-transfers.ts';

/** What Debian's file says of such things as ours says, too. */
function frame(directory: string, conf: string): string {
  const temporary = ['client_body', 'proxy', 'fastcgi', 'uwsgi', 'scgi'].map(
    (name) => `${name}_temp_path ${directory}/${name};`,
  );
  return `user www-data;
daemon off;
pid ${directory}/nginx.pid;
events { worker_connections 768; }
http {
  access_log ${directory}/access.log;
  ssl_protocols TLSv1 TLSv1.1 TLSv1.2 TLSv1.3;
  gzip on;
  ${temporary.join('\n  ')}
  include ${conf};
}
`;
}

describeProxy({
  title: 'nginx',
  packages: ['nginx-light'],
  group: 'www-data',
  async prepare(box) {
    const conf = await box.copyDeployed('nginx/portolan.conf', {
      '/var/lib/portolan/tls': box.certificates,
      '/run/portolan/registry.sock': box.sockets.registry,
      '/run/portolan/auth.sock': box.sockets.auth,
      'client_header_timeout 30s': 'client_header_timeout 2s',
      'keepalive_timeout 60s': 'keepalive_timeout 2s',
    });
    const directory = join(box.directory, 'nginx');
    await mkdir(directory);
    const file = join(directory, 'nginx.conf');
    await writeFile(file, frame(directory, conf));
    const args = ['-c', file, '-e', 'stderr'];
    return { file: '/usr/sbin/nginx', args, check: ['-t', ...args] };
  },
  tests: [nameTests, headerTests, requestIdTests, transferTests],
});

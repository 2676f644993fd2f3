// HAProxy with the file that is shipped, on a port of its own, in front of one unix socket.
import { spawn } from 'node:child_process';
import { readFileSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { freePort } from '../free-port.ts';
import { endProcess } from '../server.ts';

const SHIPPED = path.resolve(import.meta.dirname, '../../../deploy/haproxy/haproxy.cfg');

export interface Haproxy {
  /** `https://127.0.0.1:<port>` */
  readonly url: string;
  stop(): Promise<void>;
}

export interface HaproxyTarget {
  readonly socket: string;
  readonly healthPath: string;
  /** A directory. */
  readonly certificates: string;
}

interface Ports {
  readonly plain: number;
  readonly tls: number;
}

/** Its user is whoever measures, who owns the socket. */
function configuration({ plain, tls }: Ports, healthPath: string): string {
  return readFileSync(SHIPPED, 'utf8')
    .replace('bind :80\n', `bind 127.0.0.1:${plain}\n`)
    .replace('bind :443 ', `bind 127.0.0.1:${tls} `)
    .replaceAll('uri /livez', `uri ${healthPath}`)
    .replaceAll(/^ *(user|group) haproxy$/gm, '');
}

export async function startHaproxy(directory: string, target: HaproxyTarget): Promise<Haproxy> {
  const port = await freePort();
  const file = path.join(directory, 'haproxy.cfg');
  const ports = { plain: await freePort(), tls: port };
  writeFileSync(file, configuration(ports, target.healthPath));
  const child = spawn('/usr/sbin/haproxy', ['-W', '-db', '-f', file], {
    stdio: 'ignore',
    env: {
      PORTOLAN_CERTIFICATES: target.certificates,
      PORTOLAN_REGISTRY_SOCKET: target.socket,
      PORTOLAN_AUTH_SOCKET: target.socket,
    },
  });
  return { url: `https://127.0.0.1:${port}`, stop: () => endProcess(child) };
}

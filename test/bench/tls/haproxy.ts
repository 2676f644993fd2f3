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

/** The user is whoever measures, who owns the socket. */
function configuration(plainPort: number, tlsPort: number): string {
  return readFileSync(SHIPPED, 'utf8')
    .replace('bind :80\n', `bind 127.0.0.1:${plainPort}\n`)
    .replace('bind :443 ', `bind 127.0.0.1:${tlsPort} `)
    .replaceAll(/^ *(user|group) haproxy$/gm, '');
}

/** @param files of the socket that it leads to and of the certificates */
export async function startHaproxy(
  directory: string,
  files: { readonly socket: string; readonly certificates: string },
): Promise<Haproxy> {
  const port = await freePort();
  const file = path.join(directory, 'haproxy.cfg');
  writeFileSync(file, configuration(await freePort(), port));
  const child = spawn('/usr/sbin/haproxy', ['-W', '-db', '-f', file], {
    stdio: ['ignore', 'ignore', 'inherit'],
    env: {
      PORTOLAN_CERTIFICATES: files.certificates,
      PORTOLAN_REGISTRY_SOCKET: files.socket,
      PORTOLAN_AUTH_SOCKET: files.socket,
    },
  });
  return { url: `https://127.0.0.1:${port}`, stop: () => endProcess(child) };
}

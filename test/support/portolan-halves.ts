// `portolan serve auth` and `portolan serve registry` on unix sockets that a proxy in front of them may open,
// with one data directory and one name.
import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import { type Portolan, startPortolan } from './start-portolan.ts';

export interface HalfSockets {
  readonly registry: string;
  readonly auth: string;
}

export interface Halves {
  readonly dataDir: string;
  readonly sockets: HalfSockets;
  /** On these each connection begins with a PROXY protocol header. */
  readonly proxyProtocolSockets: HalfSockets;
  /** One after the other: the first makes the data directory. */
  readonly start: (half: keyof HalfSockets) => Promise<Portolan>;
}

export interface HalvesOptions {
  readonly directory: string;
  /** Of the proxy's user, that is to open the sockets. */
  readonly group: string;
  readonly env?: Readonly<Record<string, string>>;
}

function socketsIn(directory: string, suffix: string): HalfSockets {
  const at = (half: string): string => join(directory, `${half}${suffix}.sock`);
  return { registry: at('registry'), auth: at('auth') };
}

export async function prepareHalves({ directory, group, env }: HalvesOptions): Promise<Halves> {
  const dataDir = join(directory, 'data');
  const run = join(directory, 'run');
  await mkdir(run);
  const sockets = socketsIn(run, '');
  const proxyProtocolSockets = socketsIn(run, '-proxy');
  return {
    dataDir,
    sockets,
    proxyProtocolSockets,
    start(half) {
      const unix = `unix:${sockets[half]}?owner=:${group}`;
      const proxied = `unix:${proxyProtocolSockets[half]}?owner=:${group}&proxy-protocol`;
      return startPortolan({
        command: ['serve', half],
        dataDir,
        env: {
          PORTOLAN_LISTEN: `127.0.0.1:0,${unix},${proxied}`,
          PORTOLAN_PUBLIC_URL: 'https://registry.lan',
          PORTOLAN_ACCESS_LOG: 'true',
          ...env,
        },
      });
    },
  };
}

// `portolan serve auth` and `portolan serve registry` on unix sockets that HAProxy may open, with one data
// directory and one name.
import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import { LOOPBACK } from '../mirror/world.ts';
import { type Portolan, startPortolan } from '../support/start-portolan.ts';

export interface Halves {
  readonly auth: Portolan;
  readonly registry: Portolan;
  readonly dataDir: string;
  readonly sockets: { readonly registry: string; readonly auth: string };
}

export async function startHalves(directory: string, publicUrl: string): Promise<Halves> {
  const dataDir = join(directory, 'data');
  const run = join(directory, 'run');
  await mkdir(run);
  const sockets = { registry: join(run, 'registry.sock'), auth: join(run, 'auth.sock') };
  const start = (half: keyof typeof sockets): Promise<Portolan> =>
    startPortolan({
      command: ['serve', half],
      dataDir,
      env: {
        ...LOOPBACK,
        PORTOLAN_LISTEN: `127.0.0.1:0,unix:${sockets[half]}?owner=:haproxy`,
        PORTOLAN_PUBLIC_URL: publicUrl,
        PORTOLAN_LOG_LEVEL: 'debug',
        PORTOLAN_ACCESS_LOG: 'true',
      },
    });
  // One after the other: the first makes the data directory.
  const auth = await start('auth');
  return { auth, registry: await start('registry'), dataDir, sockets };
}

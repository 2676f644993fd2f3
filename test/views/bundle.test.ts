// A stick as a registry has views, too: what it carries is pulled under its upstream names.
import { join } from 'node:path';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { mirrorOn } from '../mirror/world.ts';
import { makeImage } from '../support/image.ts';
import { pushImage } from '../support/registry-client.ts';
import { createScratchDirectory, type ScratchDirectory } from '../support/scratch-directory.ts';
import { type Portolan, startPortolan } from '../support/start-portolan.ts';
import { createSend } from './http-client.ts';
import { createPlayer } from './play-pull.ts';
import { RECORDED_PULLS } from './recorded-requests.ts';

const image = makeImage();
let scratch: ScratchDirectory;
let source: Portolan;
let served: Portolan;

beforeAll(async () => {
  scratch = await createScratchDirectory('views');
  source = await startPortolan();
  const mirror = mirrorOn(source);
  const stick = join(scratch.path, 'stick');
  const names = ['docker.io/library/busybox', 'quay.io/coreos/etcd'];
  for (const name of names) await pushImage(await mirror.client(name), name, image, 'musl');
  await mirror.must(`bundle export ${stick} ${names.map((name) => `--select ${name}`).join(' ')}`);
  const env = { PORTOLAN_PUBLIC_URL: 'https://registry.lan' };
  served = await startPortolan({ command: ['serve', '--bundle', stick], env });
});

afterAll(async () => {
  await served?.stop();
  await source?.stop();
  await scratch?.remove();
});

it.each(RECORDED_PULLS.map((pull) => [`${pull.engine}, ${pull.configuration}`, pull] as const))(
  'is pulled from by %s',
  async (_title, pull) => {
    const deps = { send: createSend(served.port), tag: 'musl', login: undefined };
    const player = createPlayer(pull, deps);
    const { status, authorization } = await player.begin();
    expect(status).toBe(200);
    await player.pullAll(image, authorization);
  },
);

// Who may do what in a mirrored namespace: only the mirror writes; who pulls is set as for any other.
import { randomBytes } from 'node:crypto';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { describeWith } from '../support/debian-package.ts';
import { type DebianRegistry, startDebianRegistry } from '../support/debian-registry.ts';
import { type Image, makeImage } from '../support/image.ts';
import { createOciLayout } from '../support/oci-layout.ts';
import { createRegistryClient, pushImage } from '../support/registry-client.ts';
import type { TokenUser } from '../support/request-token.ts';
import { createScratchDirectory, type ScratchDirectory } from '../support/scratch-directory.ts';
import { digestAt, type Mirror, openClient, skopeo, startMirror } from './world.ts';

const NAME = 'docker.io/library/busybox';

describeWith({ packages: ['docker-registry', 'skopeo'] }, 'a mirrored namespace', () => {
  let scratch: ScratchDirectory;
  let upstream: DebianRegistry;
  let mirror: Mirror;
  let image: Image;
  const stranger = { name: 'mallory', password: randomBytes(18).toString('base64url') };

  beforeAll(async () => {
    scratch = await createScratchDirectory('rights');
    upstream = await startDebianRegistry();
    image = makeImage();
    await pushImage(openClient(upstream.url), 'library/busybox', image, 'musl');
    mirror = await startMirror();
    const password = join(scratch.path, 'password');
    await writeFile(password, stranger.password);
    await mirror.must(`user create ${stranger.name} --password-file ${password}`);
    await mirror.must(`upstream set docker.io --endpoint ${upstream.url}`);
    await mirror.must(`mirror add ${NAME}`);
    await mirror.must(`mirror sync ${NAME}`);
    await createOciLayout(join(scratch.path, 'layout'), makeImage());
  });

  afterAll(async () => {
    await mirror?.portolan.stop();
    await upstream?.stop();
    await scratch?.remove();
  });

  async function pull(user: TokenUser): Promise<string | undefined> {
    const token = await mirror.portolan.token([`repository:${NAME}:pull`], user);
    return digestAt(createRegistryClient(mirror.portolan.url, token), NAME, 'musl');
  }

  test('is shown as a mirror', async () => {
    const shown = await mirror.json<Record<string, unknown>>('namespace show docker.io');
    expect(shown).toMatchObject({ name: 'docker.io', kind: 'mirror', visibility: 'private' });
  });

  test.each(['musl', 'new'])('takes no push of the administrator to %s', async (tag) => {
    const pushed = await skopeo(
      mirror.portolan,
      `copy --dest-tls-verify=false --dest-creds CREDS oci:${scratch.path}/layout docker://${mirror.portolan.host}/${NAME}:${tag}`,
    );
    expect(pushed.code).not.toBe(0);
    expect(pushed.output).toMatch(/denied|unauthorized/);
    expect(await pull({ name: 'admin', password: mirror.portolan.adminPassword })).toBe(
      image.root.digest,
    );
  });

  test.each([
    { visibility: 'private', byStranger: false, byAnybody: false },
    { visibility: 'protected', byStranger: true, byAnybody: false },
    { visibility: 'public', byStranger: true, byAnybody: true },
  ])('$visibility decides who pulls', async ({ visibility, byStranger, byAnybody }) => {
    await mirror.must(`namespace set docker.io --visibility ${visibility}`);
    expect((await pull(stranger)) === image.root.digest).toBe(byStranger);
    expect((await pull('anonymous')) === image.root.digest).toBe(byAnybody);
  });

  test('keeps its visibility over the next run', async () => {
    await mirror.must('namespace set docker.io --visibility public');
    await mirror.must(`mirror sync ${NAME}`);
    expect(await pull('anonymous')).toBe(image.root.digest);
  });

  test('is never one that people have pushed to', async () => {
    await mirror.must('team create crew --owner admin');
    await mirror.must('namespace create crew --team crew');
    await pushImage(await mirror.client('crew/app'), 'crew/app', makeImage(), '1');
    const { code, stderr } = await mirror.run('mirror add docker.io/library/redis --to crew/redis');
    expect(code, stderr).toBe(6);
  });
});

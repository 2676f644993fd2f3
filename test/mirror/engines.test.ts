// What was mirrored is pulled by the real docker, under the upstream's name.
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { describeWith } from '../support/debian-package.ts';
import { type DebianRegistry, startDebianRegistry } from '../support/debian-registry.ts';
import { type DockerEngine, type DockerUser, startDockerEngine } from '../support/docker-engine.ts';
import { type Image, makeIndex } from '../support/image.ts';
import { pushImage } from '../support/registry-client.ts';
import { makeRootImage } from '../support/root-image.ts';
import { createRootTree } from '../support/root-tree.ts';
import { createScratchDirectory, type ScratchDirectory } from '../support/scratch-directory.ts';
import { type Mirror, openClient, startMirror } from './world.ts';

const NAME = 'docker.io/library/busybox';

describeWith({ packages: ['docker-registry', 'docker.io'], root: true }, 'docker', () => {
  let scratch: ScratchDirectory;
  let upstream: DebianRegistry;
  let mirror: Mirror;
  let engine: DockerEngine;
  let user: DockerUser;
  let index: Image;

  beforeAll(async () => {
    scratch = await createScratchDirectory('engines');
    engine = await startDockerEngine();
    user = await engine.user('operator');
    upstream = await startDebianRegistry();
    index = makeIndex([
      await makeRootImage(await createRootTree(scratch.path, 'amd64')),
      await makeRootImage(await createRootTree(scratch.path, 'arm64'), { architecture: 'arm64' }),
    ]);
    await pushImage(openClient(upstream.url), 'library/busybox', index, 'musl');
    mirror = await startMirror();
    await mirror.must(`upstream set docker.io --endpoint ${upstream.url}`);
    await mirror.must(`mirror add ${NAME} --tags musl`);
    await mirror.must(`mirror sync ${NAME}`);
  });

  afterAll(async () => {
    await engine?.stop();
    await mirror?.portolan.stop();
    await upstream?.stop();
    await scratch?.remove();
  });

  test('is refused while the namespace is private, and pulls after a login', async () => {
    const reference = `${mirror.portolan.host}/${NAME}:musl`;
    expect((await user.docker(`pull ${reference}`)).code).not.toBe(0);
    await user.login(mirror.portolan.host, 'admin', mirror.portolan.adminPassword);
    const pulled = await user.docker(`pull ${reference}`);
    expect(pulled.code, pulled.output).toBe(0);
    expect(pulled.output).toContain(index.root.digest);
  });

  test('pulls without a login once the namespace is public', async () => {
    await mirror.must('namespace set docker.io --visibility public');
    const anybody = await engine.user('anybody');
    const reference = `${mirror.portolan.host}/${NAME}@${index.root.digest}`;
    const pulled = await anybody.docker(`pull ${reference}`);
    expect(pulled.code, pulled.output).toBe(0);
  });

  test('pulls on the other side of an air gap', async () => {
    const stick = join(scratch.path, 'stick');
    await mirror.must(`bundle export ${stick} ${NAME}`);
    const far = await startMirror();
    try {
      await far.must(`bundle import ${stick}`);
      const operator = await engine.user('far-operator');
      await operator.login(far.portolan.host, 'admin', far.portolan.adminPassword);
      const pulled = await operator.docker(`pull ${far.portolan.host}/${NAME}:musl`);
      expect(pulled.code, pulled.output).toBe(0);
      expect(pulled.output).toContain(index.root.digest);
    } finally {
      await far.portolan.stop();
    }
  });
});

// Debian's podman 4.3 and buildah 1.28 against the whole program.
import { afterAll, beforeAll, expect, test } from 'vitest';
import { type Crew, startCrew } from '../support/crew.ts';
import { describeWith } from '../support/debian-package.ts';
import { createPodmanStore, type PodmanStore, type PodmanUser } from '../support/podman.ts';
import type { CommandResult } from '../support/run-command.ts';

function push(user: PodmanUser, image: string, to: string): Promise<CommandResult> {
  return user.podman(`push --tls-verify=false ${image} ${to}`);
}

function pull(user: PodmanUser, from: string, options = ''): Promise<CommandResult> {
  return user.podman(`pull --tls-verify=false ${options} ${from}`);
}

describeWith({ packages: ['podman', 'buildah'], root: true }, 'podman and buildah', () => {
  let crew: Crew;
  let store: PodmanStore;
  let alice: PodmanUser;
  let bob: PodmanUser;
  let mallory: PodmanUser;

  beforeAll(async () => {
    store = await createPodmanStore();
    crew = await startCrew();
    [alice, bob, mallory] = await Promise.all([
      store.user('alice'),
      store.user('bob'),
      store.user('mallory'),
    ]);
  });

  afterAll(async () => {
    await store?.remove();
    await crew?.portolan.stop();
  });

  test('refuses a login with a wrong password', async () => {
    const login = await alice.login(crew.portolan.host, crew.owner.name, 'not-the-password');
    expect(login.code).not.toBe(0);
    expect(login.output).toMatch(/invalid username\/password|unauthorized/i);
  });

  test('refuses a push before the login', async () => {
    await store.buildImage('localhost/early:1');
    const early = await push(alice, 'localhost/early:1', crew.reference('early:1'));
    expect(early.code).not.toBe(0);
    expect(early.output).toMatch(/denied|unauthorized|authentication required/i);
  });

  test('logs in with the right password', async () => {
    for (const [user, person] of [
      [alice, crew.owner],
      [bob, crew.viewer],
      [mallory, crew.stranger],
    ] as const) {
      const login = await user.login(crew.portolan.host, person.name, person.password);
      expect(login.output).toContain('Login Succeeded!');
    }
  });

  test.each(['oci', 'v2s2'])('pushes and pulls an image in the format %s', async (format) => {
    const image = `localhost/image-${format}:1`;
    const remote = crew.reference(`image-${format}:1`);
    await store.buildImage(image);
    const pushed = await alice.podman(
      `push --tls-verify=false --format ${format} ${image} ${remote}`,
    );
    expect(pushed.output).toContain('Writing manifest');
    expect(pushed.code).toBe(0);
    await alice.podman(`rmi --force ${image}`);
    for (const user of [alice, bob]) {
      const pulled = await pull(user, remote);
      expect(pulled.code, pulled.output).toBe(0);
      await user.podman(`rmi --force ${remote}`);
    }
  });

  test('pushes with buildah and pulls with buildah', async () => {
    await store.buildImage('localhost/built:1');
    const remote = crew.reference('built:1');
    const pushed = await alice.buildah(
      `push --tls-verify=false localhost/built:1 docker://${remote}`,
    );
    expect(pushed.code, pushed.output).toBe(0);
    // Otherwise an image of that name in the store is answer enough.
    const fresh = `pull --policy=always --tls-verify=false docker://${remote}`;
    const pulled = await bob.buildah(fresh);
    expect(pulled.code, pulled.output).toBe(0);
    const refused = await mallory.buildah(fresh);
    expect(refused.code).not.toBe(0);
    expect(refused.output).toMatch(/denied|unauthorized/i);
  });

  test('pushes a manifest list of two platforms, and pulls each', async () => {
    const remote = crew.reference('list:1');
    await alice.podman('manifest create localhost/list:1');
    for (const architecture of ['amd64', 'arm64']) {
      const image = `localhost/for-${architecture}:1`;
      await store.buildImage(image, architecture);
      const added = await alice.podman(
        `manifest add --arch ${architecture} localhost/list:1 containers-storage:${image}`,
      );
      expect(added.code, added.output).toBe(0);
    }
    const pushed = await alice.podman(
      `manifest push --all --tls-verify=false localhost/list:1 docker://${remote}`,
    );
    expect(pushed.code, pushed.output).toBe(0);
    for (const architecture of ['amd64', 'arm64']) {
      const pulled = await pull(bob, remote, `--arch ${architecture}`);
      expect(pulled.code, pulled.output).toBe(0);
      const shown = await bob.podman(`image inspect --format={{.Architecture}} ${remote}`);
      expect(shown.stdout.trim()).toBe(architecture);
    }
  });

  test('refuses the push of a viewer', async () => {
    await store.buildImage('localhost/sneaked:1');
    const pushed = await push(bob, 'localhost/sneaked:1', crew.reference('sneaked:1'));
    expect(pushed.code).not.toBe(0);
    expect(pushed.output).toMatch(/denied|unauthorized/i);
  });

  test('refuses a stranger on a private repository as on one that does not exist', async () => {
    await store.buildImage('localhost/secret:1');
    const pushed = await push(alice, 'localhost/secret:1', crew.reference('secret:1'));
    expect(pushed.code, pushed.output).toBe(0);
    const seen = await pull(mallory, crew.reference('secret:1'));
    const unseen = await pull(mallory, crew.reference('absent:1'));
    expect(seen.code).not.toBe(0);
    expect(seen.output.replaceAll('secret', 'absent')).toBe(unseen.output);
  });

  test('refuses a pull after the logout', async () => {
    await bob.podman(`logout ${crew.portolan.host}`);
    const pulled = await pull(bob, crew.reference('secret:1'));
    expect(pulled.code).not.toBe(0);
  });
});

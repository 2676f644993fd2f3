// Debian's dockerd 20.10 against the whole program (reference authorization.md §3.5, docker rows).
import { afterAll, beforeAll, expect, test } from 'vitest';
import { type Crew, startCrew } from '../support/crew.ts';
import { describeWith } from '../support/debian-package.ts';
import { type DockerEngine, type DockerUser, startDockerEngine } from '../support/docker-engine.ts';

describeWith({ packages: ['docker.io'], root: true }, 'docker', () => {
  let crew: Crew;
  let engine: DockerEngine;
  let alice: DockerUser;
  let bob: DockerUser;
  let mallory: DockerUser;

  beforeAll(async () => {
    engine = await startDockerEngine();
    crew = await startCrew();
    [alice, bob, mallory] = await Promise.all([
      engine.user('alice'),
      engine.user('bob'),
      engine.user('mallory'),
    ]);
  });

  afterAll(async () => {
    await engine?.stop();
    await crew?.portolan.stop();
  });

  /** The digest that `docker push` prints. */
  async function pushNew(user: DockerUser, reference: string): Promise<string> {
    await engine.importImage(reference);
    const push = await user.docker(`push ${reference}`);
    expect(push.output).toMatch(/digest: sha256:[0-9a-f]{64}/);
    expect(push.code).toBe(0);
    return /sha256:[0-9a-f]{64}/.exec(push.output.split('digest: ')[1] ?? '')?.[0] ?? '';
  }

  test('refuses a login with a wrong password', async () => {
    const login = await alice.login(crew.portolan.host, crew.owner.name, 'not-the-password');
    expect(login.code).not.toBe(0);
    expect(login.output).toMatch(/unauthorized|401/i);
  });

  test('refuses a login as an unknown user in the same words', async () => {
    const unknown = await alice.login(crew.portolan.host, 'nobody', 'not-the-password');
    const wrong = await alice.login(crew.portolan.host, crew.owner.name, 'not-the-password');
    expect(unknown.code).not.toBe(0);
    expect(unknown.output).toBe(wrong.output);
  });

  test('refuses a push before the login', async () => {
    const reference = crew.reference('early:1');
    await engine.importImage(reference);
    const push = await alice.docker(`push ${reference}`);
    expect(push.code).not.toBe(0);
    expect(push.output).toMatch(/denied|unauthorized/);
  });

  test('logs in with the right password', async () => {
    for (const [user, person] of [
      [alice, crew.owner],
      [bob, crew.viewer],
      [mallory, crew.stranger],
    ] as const) {
      const login = await user.login(crew.portolan.host, person.name, person.password);
      expect(login.output).toContain('Login Succeeded');
      expect(login.code).toBe(0);
    }
  });

  test('pushes and pulls by tag and by digest', async () => {
    const reference = crew.reference('web:1');
    const digest = await pushNew(alice, reference);
    await alice.docker(`rmi ${reference}`);
    for (const user of [alice, bob]) {
      const byTag = await user.docker(`pull ${reference}`);
      expect(byTag.output).toContain(`Digest: ${digest}`);
      expect(byTag.code).toBe(0);
      await user.docker(`rmi ${reference}`);
      const byDigest = await user.docker(`pull ${crew.reference('web')}@${digest}`);
      expect(byDigest.output).toContain(`Digest: ${digest}`);
      expect(byDigest.code).toBe(0);
    }
  });

  test('mounts a layer that another repository of the same person has', async () => {
    const first = crew.reference('base:1');
    const second = crew.reference('derived:1');
    await pushNew(alice, first);
    await alice.docker(`tag ${first} ${second}`);
    const push = await alice.docker(`push ${second}`);
    expect(push.output).toContain('Mounted from crew-apps/base');
    expect(push.code).toBe(0);
    const again = await alice.docker(`push ${second}`);
    expect(again.output).toContain('Layer already exists');
  });

  test('shows a viewer why a push is refused, and stores nothing', async () => {
    const reference = crew.reference('sneaked:1');
    await engine.importImage(reference);
    const push = await bob.docker(`push ${reference}`);
    expect(push.code).not.toBe(0);
    expect(push.output).toContain('denied');
    const pull = await alice.docker(`pull ${reference}`);
    expect(pull.output).toContain('not found');
  });

  test('answers a stranger about a private repository as about one that does not exist', async () => {
    const real = crew.reference('secret');
    const absent = crew.reference('absent');
    await pushNew(alice, `${real}:1`);
    await alice.docker(`rmi ${real}:1`);
    const seen = await mallory.docker(`pull ${real}:1`);
    const unseen = await mallory.docker(`pull ${absent}:1`);
    expect(seen.code).not.toBe(0);
    expect(seen.output.replaceAll('secret', 'absent')).toBe(unseen.output);
    const push = await mallory.docker(`push ${crew.reference('web:1')}`);
    expect(push.code).not.toBe(0);
  });

  test('refuses a pull after the logout', async () => {
    const reference = crew.reference('last:1');
    await pushNew(alice, reference);
    await alice.docker(`rmi ${reference}`);
    const logout = await alice.docker(`logout ${crew.portolan.host}`);
    expect(logout.code).toBe(0);
    const pull = await alice.docker(`pull ${reference}`);
    expect(pull.code).not.toBe(0);
    expect(pull.output).toMatch(/denied|unauthorized/);
  });
});

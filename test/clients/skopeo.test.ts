// Debian's skopeo 1.9 against the whole program: copies, listings and deletes.
import { afterAll, beforeAll, expect, test } from 'vitest';
import { type Crew, credentials, type Person, startCrew } from '../support/crew.ts';
import { describeWith } from '../support/debian-package.ts';
import { type DebianRegistry, startDebianRegistry } from '../support/debian-registry.ts';
import { createOciLayout } from '../support/oci-layout.ts';
import { makeImage, makeIndex } from '../support/image.ts';
import { type CommandResult, runCommand, words } from '../support/run-command.ts';
import { createScratchDirectory, type ScratchDirectory } from '../support/scratch-directory.ts';

/** Log lines begin with their time. */
function withoutTimes(output: string): string {
  return output.replaceAll(/time="[^"]*"/g, '');
}

describeWith({ packages: ['skopeo'] }, 'skopeo', () => {
  let crew: Crew;
  let scratch: ScratchDirectory;
  const index = makeIndex([
    makeImage({ architecture: 'amd64' }),
    makeImage({ architecture: 'arm64' }),
  ]);

  beforeAll(async () => {
    scratch = await createScratchDirectory('skopeo');
    crew = await startCrew();
    await createOciLayout(`${scratch.path}/layout`, index);
  });

  afterAll(async () => {
    await crew?.portolan.stop();
    await scratch?.remove();
  });

  const run = (line: string): Promise<CommandResult> =>
    runCommand('/usr/bin/skopeo', words(line), { env: { HOME: scratch.path } });
  const copyTo = (person: Person, rest: string) =>
    run(
      `copy --all --dest-tls-verify=false --dest-creds ${credentials(person)} oci:${scratch.path}/layout docker://${crew.reference(rest)}`,
    );
  const inspect = (person: Person, rest: string, options = '') =>
    run(
      `inspect --tls-verify=false --creds ${credentials(person)} ${options} docker://${crew.reference(rest)}`,
    );

  test('copies an index with all its platforms, byte for byte', async () => {
    const copied = await copyTo(crew.owner, 'all:1');
    expect(copied.code, copied.output).toBe(0);
    const raw = await inspect(crew.viewer, 'all:1', '--raw');
    expect(raw.stdout).toBe(index.root.bytes.toString());
    const back = await run(
      `copy --all --src-tls-verify=false --src-creds ${credentials(crew.viewer)} docker://${crew.reference('all:1')} oci:${scratch.path}/back`,
    );
    expect(back.code, back.output).toBe(0);
  });

  test('inspects one platform', async () => {
    await copyTo(crew.owner, 'inspected:1');
    const shown = await run(
      `--override-arch=arm64 inspect --tls-verify=false --creds ${credentials(crew.viewer)} docker://${crew.reference('inspected:1')}`,
    );
    expect(shown.code, shown.output).toBe(0);
    expect(JSON.parse(shown.stdout)).toMatchObject({ Architecture: 'arm64', RepoTags: ['1'] });
  });

  test('lists tags', async () => {
    for (const tag of ['b', 'a', 'c']) await copyTo(crew.owner, `tags:${tag}`);
    const listed = await run(
      `list-tags --tls-verify=false --creds ${credentials(crew.viewer)} docker://${crew.reference('tags')}`,
    );
    expect(JSON.parse(listed.stdout)).toMatchObject({ Tags: ['a', 'b', 'c'] });
  });

  test('deletes a manifest, for its owner alone', async () => {
    await copyTo(crew.owner, 'deleted:1');
    const remove = (person: Person) =>
      run(
        `delete --tls-verify=false --creds ${credentials(person)} docker://${crew.reference('deleted:1')}`,
      );
    const refused = await remove(crew.viewer);
    expect(refused.code).not.toBe(0);
    expect((await inspect(crew.viewer, 'deleted:1', '--raw')).code).toBe(0);
    const removed = await remove(crew.owner);
    expect(removed.code, removed.output).toBe(0);
    const gone = await inspect(crew.owner, 'deleted:1', '--raw');
    expect(gone.output).toContain('manifest unknown');
  });

  test('refuses a copy of a viewer', async () => {
    const copied = await copyTo(crew.viewer, 'sneaked:1');
    expect(copied.code).not.toBe(0);
    expect(copied.output).toMatch(/denied|unauthorized/);
  });

  test.each(['inspect', 'list-tags'])('%s tells a stranger nothing', async (command) => {
    await copyTo(crew.owner, 'secret:1');
    const [seen, unseen] = await Promise.all(
      ['secret', 'absent'].map((repository) =>
        run(
          `${command} --tls-verify=false --creds ${credentials(crew.stranger)} docker://${crew.reference(repository)}${command === 'inspect' ? ':1' : ''}`,
        ),
      ),
    );
    expect(seen?.code).not.toBe(0);
    expect(withoutTimes(seen?.output ?? '').replaceAll('secret', 'absent')).toBe(
      withoutTimes(unseen?.output ?? ''),
    );
  });

  test('refuses a wrong password', async () => {
    const refused = await inspect({ ...crew.viewer, password: 'wrong' }, 'all:1');
    expect(refused.code).not.toBe(0);
  });

  describeWith({ packages: ['docker-registry'] }, 'from a real docker-registry', () => {
    let foreign: DebianRegistry;

    beforeAll(async () => {
      foreign = await startDebianRegistry();
    });

    afterAll(() => foreign?.stop());

    test('copies an index into ours with the same digest', async () => {
      const filled = await run(
        `copy --all --dest-tls-verify=false oci:${scratch.path}/layout docker://${foreign.host}/theirs/app:1`,
      );
      expect(filled.code, filled.output).toBe(0);
      const copied = await run(
        `copy --all --src-tls-verify=false --dest-tls-verify=false --dest-creds ${credentials(crew.owner)} docker://${foreign.host}/theirs/app:1 docker://${crew.reference('from-theirs:1')}`,
      );
      expect(copied.code, copied.output).toBe(0);
      const raw = await inspect(crew.viewer, 'from-theirs:1', '--raw');
      expect(raw.stdout).toBe(index.root.bytes.toString());
    });
  });
});

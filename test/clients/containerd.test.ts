// Debian's containerd 1.6 against the whole program: POST token requests with a password first, and
// scopes that accumulate for a host (reference authorization.md §3.5).
import { afterAll, beforeAll, expect, test } from 'vitest';
import { type Containerd, startContainerd } from '../support/containerd.ts';
import { type Crew, credentials, startCrew } from '../support/crew.ts';
import { describeWith } from '../support/debian-package.ts';

/** Without the progress that is drawn before it. */
function errorLine(output: string): string {
  return /ctr: .*/.exec(output)?.[0] ?? output;
}

describeWith({ packages: ['containerd', 'skopeo'], root: true }, 'containerd', () => {
  let crew: Crew;
  let containerd: Containerd;

  beforeAll(async () => {
    containerd = await startContainerd();
    crew = await startCrew();
  });

  afterAll(async () => {
    await containerd?.stop();
    await crew?.portolan.stop();
  });

  async function pushNew(reference: string): Promise<void> {
    await containerd.importImage(reference);
    const pushed = await containerd.push(reference, credentials(crew.owner));
    expect(pushed.code, pushed.output).toBe(0);
    await containerd.ctr(`images rm --sync ${reference}`);
  }

  test('pushes as a person with the right, and pulls as one with a role', async () => {
    const reference = crew.reference('web:1');
    await pushNew(reference);
    const pulled = await containerd.pull(reference, credentials(crew.viewer));
    expect(pulled.code, pulled.output).toBe(0);
    const listed = await containerd.ctr('images ls --quiet');
    expect(listed.stdout.split('\n')).toContain(reference);
  });

  test('refuses a push and a pull without credentials', async () => {
    const reference = crew.reference('open:1');
    await containerd.importImage(reference);
    const pushed = await containerd.push(reference);
    expect(pushed.code).not.toBe(0);
    expect(pushed.output).toMatch(/authorization failed|unauthorized|denied/i);
    const pulled = await containerd.pull(reference);
    expect(pulled.code).not.toBe(0);
  });

  test('refuses a push with a wrong password', async () => {
    const reference = crew.reference('wrong:1');
    await containerd.importImage(reference);
    const pushed = await containerd.push(reference, `${crew.owner.name}:not-the-password`);
    expect(pushed.code).not.toBe(0);
    expect(pushed.output).toMatch(/401|unauthorized|authorization failed/i);
  });

  test('refuses the push of a viewer', async () => {
    const reference = crew.reference('sneaked:1');
    await containerd.importImage(reference);
    const pushed = await containerd.push(reference, credentials(crew.viewer));
    expect(pushed.code).not.toBe(0);
    expect(pushed.output).toMatch(/insufficient_scope|authorization failed|denied/i);
  });

  test('answers a stranger about a private repository as about one that does not exist', async () => {
    await pushNew(crew.reference('secret:1'));
    const seen = await containerd.pull(crew.reference('secret:1'), credentials(crew.stranger));
    const unseen = await containerd.pull(crew.reference('absent:1'), credentials(crew.stranger));
    expect(seen.code).not.toBe(0);
    expect(errorLine(seen.output).replaceAll('secret', 'absent')).toBe(errorLine(unseen.output));
  });
});

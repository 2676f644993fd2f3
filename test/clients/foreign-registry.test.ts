// The token service with somebody else's registry, Debian's docker-registry 2.8: it trusts our keys by
// their certificate and finds them by libtrust's key id (reference authorization.md §3.4).
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { type Crew, credentials, type Person, startCrew } from '../support/crew.ts';
import { describeWith } from '../support/debian-package.ts';
import { type DebianRegistry, startDebianRegistry } from '../support/debian-registry.ts';
import { makeImage } from '../support/image.ts';
import { createOciLayout } from '../support/oci-layout.ts';
import { type CommandResult, runCommand, words } from '../support/run-command.ts';
import { createScratchDirectory, type ScratchDirectory } from '../support/scratch-directory.ts';

const SERVICE = 'theirs.example';
const ISSUER = 'https://portal.example';

describeWith({ packages: ['docker-registry', 'skopeo'] }, 'our tokens at docker-registry', () => {
  let crew: Crew;
  let registry: DebianRegistry;
  let scratch: ScratchDirectory;
  const image = makeImage();

  beforeAll(async () => {
    scratch = await createScratchDirectory('theirs');
    await createOciLayout(join(scratch.path, 'layout'), image);
    crew = await startCrew({
      env: {
        PORTOLAN_TOKEN_ISSUER: ISSUER,
        PORTOLAN_TOKEN_OTHER_SERVICES: `${SERVICE}=libtrust`,
      },
    });
    const shown = await crew.portolan.cli('key', 'show', '--format', 'certificate');
    expect(shown.code, shown.stderr).toBe(0);
    const rootcertbundle = join(scratch.path, 'certificates.pem');
    await writeFile(rootcertbundle, shown.stdout);
    registry = await startDebianRegistry({
      realm: `${crew.portolan.url}/token`,
      service: SERVICE,
      issuer: ISSUER,
      rootcertbundle,
    });
  });

  afterAll(async () => {
    await registry?.stop();
    await crew?.portolan.stop();
    await scratch?.remove();
  });

  const skopeo = (line: string): Promise<CommandResult> =>
    runCommand('/usr/bin/skopeo', words(line), { env: { HOME: scratch.path } });
  const push = (person: Person, tag: string): Promise<CommandResult> =>
    skopeo(
      `copy --dest-tls-verify=false --dest-creds ${credentials(person)} oci:${scratch.path}/layout docker://${registry.host}/crew-apps/web:${tag}`,
    );
  const inspect = (options: string): Promise<CommandResult> =>
    skopeo(
      `inspect --raw --tls-verify=false ${options} docker://${registry.host}/crew-apps/web:owner`,
    );

  test('let an owner push and a viewer pull', async () => {
    const pushed = await push(crew.owner, 'owner');
    expect(pushed.code, pushed.output).toBe(0);
    const pulled = await inspect(`--creds ${credentials(crew.viewer)}`);
    expect(pulled.stdout, pulled.output).toBe(image.root.bytes.toString());
  });

  test('do not let a viewer push', async () => {
    expect((await push(crew.viewer, 'viewer')).code).not.toBe(0);
  });

  test('let neither a stranger nor nobody pull', async () => {
    expect((await inspect(`--creds ${credentials(crew.stranger)}`)).code).not.toBe(0);
    expect((await inspect('--no-creds')).code).not.toBe(0);
  });
});

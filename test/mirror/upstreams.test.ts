// What `portolan mirror sync` brings from each kind of upstream: every kind of image, byte for byte, as
// skopeo and plain HTTP see it.
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { describeWith } from '../support/debian-package.ts';
import {
  type DebianRegistry,
  HTPASSWD_USER,
  startDebianRegistry,
} from '../support/debian-registry.ts';
import type { RegistryClient } from '../support/registry-client.ts';
import { createScratchDirectory, type ScratchDirectory } from '../support/scratch-directory.ts';
import { createCertificateFiles } from '../support/certificate-files.ts';
import { kindsOfImages, kindsOfModernImages, type KindOfImage } from './images.ts';
import {
  digestAt,
  expectWhole,
  type Mirror,
  openClient,
  pushKinds,
  skopeo,
  startMirror,
} from './world.ts';

const REPOSITORY = 'library/busybox';

/** Each tag of `kinds` is here as it is there, and what is attached to it too. */
function checkMirrored(
  kinds: readonly KindOfImage[],
  at: () => { readonly mirror: Mirror; readonly client: RegistryClient; readonly name: string },
): void {
  test.each(kinds)('$kind arrives byte for byte', async ({ tag, image, attached = [] }) => {
    const { client, name } = at();
    expect(await digestAt(client, name, tag)).toBe(image.root.digest);
    await expectWhole(client, name, image);
    for (const each of attached) {
      // An index of referrers under a tag is the upstream's way; here the referrers API has them.
      if (each.image.blobs.length > 0) await expectWhole(client, name, each.image);
    }
  });

  test('skopeo reads the same bytes and lists the same tags', async () => {
    const { mirror, name } = at();
    const reference = `docker://${mirror.portolan.host}/${name}`;
    const listed = await skopeo(
      mirror.portolan,
      `list-tags --tls-verify=false --creds CREDS ${reference}`,
    );
    const { Tags } = JSON.parse(listed.stdout) as { Tags: string[] };
    expect(Tags).toEqual(expect.arrayContaining(kinds.map(({ tag }) => tag)));
    for (const { tag, image } of kinds) {
      if (image.root.digest.startsWith('sha512')) continue;
      const raw = await skopeo(
        mirror.portolan,
        `inspect --raw --tls-verify=false --creds CREDS ${reference}:${tag}`,
      );
      expect(raw.stdout, raw.output).toBe(image.root.bytes.toString());
    }
  });
}

describeWith({ packages: ['docker-registry', 'skopeo'] }, 'mirroring a docker-registry', () => {
  let scratch: ScratchDirectory;
  let plain: DebianRegistry;
  let withLogin: DebianRegistry;
  let withTls: DebianRegistry;
  let mirror: Mirror;
  const kinds = kindsOfImages();

  beforeAll(async () => {
    scratch = await createScratchDirectory('mirror');
    const certificates = createCertificateFiles(scratch.path);
    plain = await startDebianRegistry();
    const { content } = plain;
    withLogin = await startDebianRegistry(undefined, { content, hasLogin: true });
    withTls = await startDebianRegistry(undefined, { content, tls: certificates });
    await pushKinds(openClient(plain.url), REPOSITORY, kinds);
    mirror = await startMirror();
    const password = join(scratch.path, 'password');
    await writeFile(password, `${HTPASSWD_USER.password}\n`);
    await mirror.must(`upstream set docker.io --endpoint ${plain.url}`);
    await mirror.must(
      `upstream set login.example --endpoint ${withLogin.url} --username ${HTPASSWD_USER.name} --password-file ${password}`,
    );
    await mirror.must(`upstream set tls.example --endpoint ${withTls.url} --ca ${certificates.ca}`);
    await mirror.must(`upstream set untrusted.example --endpoint ${withTls.url}`);
    await mirror.must(`upstream set nobody.example --endpoint ${withLogin.url}`);
  });

  afterAll(async () => {
    await mirror?.portolan.stop();
    await withTls?.stop();
    await withLogin?.stop();
    await plain?.stop();
    await scratch?.remove();
  });

  describe.each([
    ['without a login', 'docker.io'],
    ['with htpasswd', 'login.example'],
    ['with TLS of an authority of its own', 'tls.example'],
  ])('%s', (_, host) => {
    const name = `${host}/${REPOSITORY}`;
    let client: RegistryClient;

    beforeAll(async () => {
      await mirror.must(`mirror add ${name}`);
      await mirror.must(`mirror sync ${name}`);
      client = await mirror.client(name);
    });

    checkMirrored(kinds, () => ({ mirror, client, name }));
  });

  test.each([
    ['a login that nobody gave', 'nobody.example', /unauthorized|denied|credentials/i],
    ['a certificate that nobody trusts', 'untrusted.example', /certificate/i],
  ])('%s fails and says so', async (_, host, words) => {
    await mirror.must(`mirror add ${host}/${REPOSITORY}`);
    const { code, stdout, stderr } = await mirror.run(`mirror sync ${host}/${REPOSITORY}`);
    expect(code).toBe(1);
    expect(stdout + stderr).toMatch(words);
  });
});

describeWith({ packages: ['skopeo'] }, 'mirroring another Portolan', () => {
  let scratch: ScratchDirectory;
  let upstream: Mirror;
  let mirror: Mirror;
  let client: RegistryClient;
  const kinds = [...kindsOfImages(), ...kindsOfModernImages()].filter(
    // Under Portolan the fallback tag is the registry's own business.
    ({ kind }) => !kind.includes('fallback'),
  );
  const name = 'other.example/crew/app';

  beforeAll(async () => {
    scratch = await createScratchDirectory('mirror');
    upstream = await startMirror();
    await pushKinds(await upstream.client('crew/app'), 'crew/app', kinds);
    mirror = await startMirror();
    const password = join(scratch.path, 'password');
    await writeFile(password, upstream.portolan.adminPassword);
    await mirror.must(
      `upstream set other.example --endpoint ${upstream.portolan.url} --username admin --password-file ${password}`,
    );
    await mirror.must(`mirror add ${name}`);
    await mirror.must(`mirror sync ${name}`);
    client = await mirror.client(name);
  });

  afterAll(async () => {
    await mirror?.portolan.stop();
    await upstream?.portolan.stop();
    await scratch?.remove();
  });

  checkMirrored(kinds, () => ({ mirror, client, name }));

  test('its referrers are found by the referrers API', async () => {
    const { image, attached = [] } = kinds.find(({ kind }) => kind.includes('a referrer of')) ?? {};
    const answer = await client.expect([200], 'GET', `/v2/${name}/referrers/${image?.root.digest}`);
    const { manifests } = JSON.parse(answer.bytes.toString()) as {
      manifests: { digest: string }[];
    };
    expect(manifests.map(({ digest }) => digest)).toEqual([attached[0]?.image.root.digest]);
  });
});

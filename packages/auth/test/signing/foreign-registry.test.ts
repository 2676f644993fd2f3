// Somebody else's registry with our tokens: Debian's docker-registry 2.8, which finds keys by
// libtrust's fingerprint in a bundle of certificates, read once at its start.
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { describeWith } from '../../../../test/support/debian-package.ts';
import {
  type DebianRegistry,
  startDebianRegistry,
} from '../../../../test/support/debian-registry.ts';
import { MANIFEST_TYPE, makeImage } from '../../../../test/support/image.ts';
import {
  createRegistryClient,
  pushImage,
  type RegistryClient,
} from '../../../../test/support/registry-client.ts';
import { readPrivateKey, rotateSigningKey, selfSignedCertificate } from '../../src/index.ts';
import { PUBLISH_LEAD_MS } from '../../src/signing/key-rotation.ts';
import {
  type AuthService,
  FOREIGN,
  ISSUER,
  OLD_FOREIGN,
  startAuthService,
} from '../fixtures/auth-service.ts';
import { SECOND } from '../fixtures/test-clock.ts';

const REPOSITORY = 'alice/app';
const LOGIN = 'alice:alices password';

// Unlike ours, it does not know OCI manifests without this header.
async function pull(client: RegistryClient): Promise<Buffer> {
  const headers = { Accept: MANIFEST_TYPE };
  const path = `/v2/${REPOSITORY}/manifests/v1`;
  return (await client.expect([200], 'GET', path, { headers })).bytes;
}

describeWith({ packages: ['docker-registry'] }, 'docker-registry 2.8 with our tokens', () => {
  let auth: AuthService;
  let registry: DebianRegistry;
  let scratch: string;
  const image = makeImage();

  /** Certificates of every published key, as `portolan key show --format certificate` prints them. */
  async function bundle(): Promise<string> {
    const certificates: string[] = [];
    for (const key of await auth.storage.signingKeys.list()) {
      certificates.push(
        selfSignedCertificate(await readPrivateKey(auth.keyDirectory, key.kid), key),
      );
    }
    return certificates.join('');
  }

  async function clientFor(actions: string, service = OLD_FOREIGN, login = LOGIN) {
    const scope = `repository:${REPOSITORY}:${actions}`;
    const { body } = await auth.get({ service, scope }, login);
    return createRegistryClient(`http://${registry.host}`, String(body['token']));
  }

  beforeAll(async () => {
    scratch = await mkdtemp(join(tmpdir(), 'portolan-bundle-'));
    auth = await startAuthService();
    // docker-registry has a clock of its own.
    auth.clock.advance(Date.now() - auth.clock.now());
    await auth.addUser('alice', 'alices password');
    await auth.addUser('bob', 'bobs password');
    await rotateSigningKey(
      {
        directory: auth.keyDirectory,
        store: auth.storage.signingKeys,
        clock: () => auth.clock.now() - PUBLISH_LEAD_MS + 10 * SECOND,
      },
      { actor: 'test' },
    );
    const rootcertbundle = join(scratch, 'certificates.pem');
    await writeFile(rootcertbundle, await bundle());
    registry = await startDebianRegistry({
      realm: `${auth.url}/token`,
      service: OLD_FOREIGN,
      issuer: ISSUER,
      rootcertbundle,
    });
  });
  afterAll(async () => {
    await registry?.stop();
    await auth?.close();
    await rm(scratch, { recursive: true, force: true });
  });

  it('sends clients to us', async () => {
    const { status, headers } = await createRegistryClient(`http://${registry.host}`, 'x').send(
      'GET',
      '/v2/',
    );
    expect(status).toBe(401);
    expect(headers.get('www-authenticate')).toContain(`realm="${auth.url}/token"`);
  });

  it('lets a token in at /v2/, and its owner push and pull', async () => {
    const client = await clientFor('pull,push');
    expect((await client.send('GET', '/v2/')).status).toBe(200);
    await pushImage(client, REPOSITORY, image, 'v1');
    expect(await pull(await clientFor('pull'))).toEqual(image.root.bytes);
  });

  it.each([
    ['that does not hold the right', 'pull', OLD_FOREIGN, LOGIN],
    ['of a stranger', 'pull,push', OLD_FOREIGN, 'bob:bobs password'],
    ['for another service', 'pull,push', FOREIGN, LOGIN],
  ])('refuses a token %s', async (_what, ...request) => {
    const client = await clientFor(...request);
    const path = `/v2/${REPOSITORY}/blobs/uploads/`;
    expect((await client.send('POST', path)).status).toBe(401);
  });

  it('knows the next key before it signs', async () => {
    const before = (await auth.keys.active()).signingKey.kid;
    auth.clock.advance(11 * SECOND);
    expect((await auth.keys.active()).signingKey.kid).not.toBe(before);
    expect(await pull(await clientFor('pull'))).toEqual(image.root.bytes);
  });
});

// The registry alone with somebody else's token service: all it has is a realm, a name, an issuer and
// a set of public keys, as a file or at a URL.
import { createServer, type Server } from 'node:http';
import { once } from 'node:events';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { exportJWK, generateKeyPair, type JWK, SignJWT } from 'jose';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { makeImage } from '../support/image.ts';
import { createRegistryClient, pullAll, pushImage } from '../support/registry-client.ts';
import { createScratchDirectory, type ScratchDirectory } from '../support/scratch-directory.ts';
import { type Portolan, startPortolan } from '../support/start-portolan.ts';

const ISSUER = 'https://tokens.example';
const SERVICE = 'our-registry';
const REALM = 'https://tokens.example/auth';
const REPOSITORY = 'theirs/deep/app';

type Keys = Awaited<ReturnType<typeof generateKeyPair>>;

function sign(keys: Keys, actions: readonly string[], claims = {}): Promise<string> {
  return new SignJWT({
    access: [{ type: 'repository', name: REPOSITORY, actions }],
    ...claims,
  })
    .setProtectedHeader({ alg: 'ES256', typ: 'JWT', kid: 'their-key' })
    .setIssuer(ISSUER)
    .setAudience(SERVICE)
    .setSubject('somebody')
    .setIssuedAt()
    .setNotBefore('0s')
    .setExpirationTime('5m')
    .setJti('1')
    .sign(keys.privateKey);
}

async function serveKeys(jwk: JWK): Promise<{ server: Server; url: string }> {
  const server = createServer((_, answer) => {
    answer.setHeader('Content-Type', 'application/json').end(JSON.stringify({ keys: [jwk] }));
  }).listen(0, '127.0.0.1');
  await once(server, 'listening');
  const address = server.address();
  if (address === null || typeof address === 'string') throw new Error('no port');
  return { server, url: `http://127.0.0.1:${address.port}/jwks` };
}

describe.each(['file', 'URL'])('the registry with the keys of others from a %s', (source) => {
  let scratch: ScratchDirectory;
  let registry: Portolan;
  let keys: Keys;
  let keyServer: Server;
  const image = makeImage();

  beforeAll(async () => {
    scratch = await createScratchDirectory('jwks');
    keys = await generateKeyPair('ES256', { extractable: true });
    const jwk = { ...(await exportJWK(keys.publicKey)), kid: 'their-key', alg: 'ES256' };
    const file = join(scratch.path, 'jwks.json');
    await writeFile(file, JSON.stringify({ keys: [jwk] }));
    const served = await serveKeys(jwk);
    keyServer = served.server;
    registry = await startPortolan({
      command: ['serve', 'registry'],
      env: {
        PORTOLAN_TOKEN_ISSUER: ISSUER,
        PORTOLAN_TOKEN_SERVICE: SERVICE,
        PORTOLAN_REGISTRY_REALM: REALM,
        PORTOLAN_REGISTRY_JWKS: source === 'file' ? file : served.url,
      },
    });
  });

  afterAll(async () => {
    await registry?.stop();
    keyServer?.close();
    await scratch?.remove();
  });

  test('challenges with their realm and service', async () => {
    const answer = await fetch(`${registry.url}/v2/`);
    expect(answer.status).toBe(401);
    expect(answer.headers.get('www-authenticate')).toBe(
      `Bearer realm="${REALM}",service="${SERVICE}"`,
    );
  });

  test('takes pushes and serves pulls by their tokens', async () => {
    const owner = createRegistryClient(registry.url, await sign(keys, ['pull', 'push']));
    await pushImage(owner, REPOSITORY, image, '1');
    const reader = createRegistryClient(registry.url, await sign(keys, ['pull']));
    expect(await pullAll(reader, REPOSITORY, '1')).toBe(image.root.digest);
    const refused = await reader.send('POST', `/v2/${REPOSITORY}/blobs/uploads/`);
    expect(refused.status).toBe(401);
    expect(refused.headers.get('www-authenticate')).toContain('error="insufficient_scope"');
  });

  test('refuses a token that another key has signed', async () => {
    const others = await generateKeyPair('ES256');
    const client = createRegistryClient(registry.url, await sign(others, ['pull', 'push']));
    const refused = await client.send('GET', `/v2/${REPOSITORY}/manifests/1`);
    expect(refused.status).toBe(401);
    expect(refused.headers.get('www-authenticate')).toContain('error="invalid_token"');
  });

  test('gives no rights by what only our own tokens may claim', async () => {
    const portolan = { subject: [1, 0], namespaces: {}, catalog: 'all' };
    const client = createRegistryClient(registry.url, await sign(keys, ['pull'], { portolan }));
    const catalog = await client.send('GET', '/v2/_catalog');
    expect(catalog.status).toBe(401);
  });
});

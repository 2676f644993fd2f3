import type { Access } from '@portolan/oci';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { digestOf, errorCode } from '../support/content.ts';
import { REALM, startRegistry, type TestRegistry } from '../support/start-registry.ts';
import { repositoryAccess, SERVICE } from '../support/tokens.ts';

const NAME = 'team/app';
const DIGEST = digestOf('x');
const ID = '0'.repeat(32);

let registry: TestRegistry;
let isCurrent = true;

beforeAll(async () => {
  registry = await startRegistry({ stamps: { isCurrent: async () => isCurrent } });
});

afterAll(() => registry.close());

function send(method: string, path: string, authorization?: string) {
  const headers = authorization === undefined ? {} : { authorization };
  return registry.request(path, { method, headers });
}

const bearer = async (options: Parameters<TestRegistry['sign']>[0]) =>
  `Bearer ${await registry.sign(options)}`;

function challenge(scope: string | undefined, error: string | undefined): string {
  const scopePart = scope === undefined ? '' : `,scope="${scope}"`;
  const errorPart = error === undefined ? '' : `,error="${error}"`;
  return `Bearer realm="${REALM}",service="${SERVICE}"${scopePart}${errorPart}`;
}

const pull = `repository:${NAME}:pull`;
const push = `repository:${NAME}:pull,push`;
const remove = `repository:${NAME}:delete`;

const ROWS: readonly (readonly [string, string, string | undefined])[] = [
  ['GET', '/v2/', undefined],
  ['HEAD', '/v2/', undefined],
  ['GET', '/v2/_oci/ext/discover', undefined],
  ['GET', `/v2/${NAME}/_oci/ext/discover`, pull],
  ['GET', '/v2/_catalog', 'registry:catalog:*'],
  ['GET', `/v2/${NAME}/tags/list`, pull],
  ['GET', `/v2/${NAME}/referrers/${DIGEST}`, pull],
  ['GET', `/v2/${NAME}/manifests/latest`, pull],
  ['HEAD', `/v2/${NAME}/manifests/latest`, pull],
  ['PUT', `/v2/${NAME}/manifests/latest`, push],
  ['DELETE', `/v2/${NAME}/manifests/latest`, remove],
  ['GET', `/v2/${NAME}/blobs/${DIGEST}`, pull],
  ['HEAD', `/v2/${NAME}/blobs/${DIGEST}`, pull],
  ['DELETE', `/v2/${NAME}/blobs/${DIGEST}`, remove],
  ['POST', `/v2/${NAME}/blobs/uploads/`, push],
  ['POST', `/v2/${NAME}/blobs/uploads/?mount=${DIGEST}`, push],
  [
    'POST',
    `/v2/${NAME}/blobs/uploads/?mount=${DIGEST}&from=team/base`,
    `${push} repository:team/base:pull`,
  ],
  ['POST', `/v2/${NAME}/blobs/uploads/?mount=${DIGEST}&from=${NAME}`, push],
  ['POST', `/v2/${NAME}/blobs/uploads/?mount=${DIGEST}&from=a"b`, push],
  ['GET', `/v2/${NAME}/blobs/uploads/${ID}`, push],
  ['PATCH', `/v2/${NAME}/blobs/uploads/${ID}`, push],
  ['PUT', `/v2/${NAME}/blobs/uploads/${ID}`, push],
  ['DELETE', `/v2/${NAME}/blobs/uploads/${ID}`, push],
];

describe.each(ROWS)('%s %s', (method, path, scope) => {
  async function expectRefusal(authorization: string | undefined, error: string | undefined) {
    const answer = await send(method, path, authorization);
    expect(answer.status).toBe(401);
    expect(answer.distinct['www-authenticate']).toEqual([challenge(scope, error)]);
    expect(answer.headers['docker-distribution-api-version']).toBe('registry/2.0');
    if (method === 'HEAD') return;
    expect(errorCode(answer)).toBe('UNAUTHORIZED');
    const { errors } = JSON.parse(answer.body.toString()) as { errors: { detail: object }[] };
    expect(errors[0]?.detail).toMatchObject({ access: expect.any(Array), hint: /token/ });
  }

  it.each([
    ['no token', undefined],
    ['a password', `Basic ${Buffer.from('alice:secret').toString('base64')}`],
    ['another scheme', 'Negotiate abc'],
    ['an empty token', 'Bearer '],
  ])('challenges %s without an error', (_, authorization) =>
    expectRefusal(authorization, undefined),
  );

  it('says that a bad token is one', () => expectRefusal('Bearer a.b.c', 'invalid_token'));

  it('says that an expired token is one', async () => {
    const issuedAt = Math.floor(registry.time.now / 1000) - 2000;
    const access = [repositoryAccess(NAME, 'pull', 'push', 'delete')];
    await expectRefusal(await bearer({ issuedAt, access }), 'invalid_token');
  });

  it('says that a withdrawn token is bad', async () => {
    isCurrent = false;
    const stamp = { namespaces: {} };
    const access = [repositoryAccess(NAME, 'pull', 'push', 'delete')];
    await expectRefusal(await bearer({ stamp, access }), 'invalid_token');
    isCurrent = true;
  });

  if (scope === undefined) return;

  it('says that a good token does not reach', async () => {
    const access = [repositoryAccess('team/app2', '*'), repositoryAccess('team', '*')];
    await expectRefusal(await bearer({ access }), 'insufficient_scope');
    await expectRefusal(await bearer({ subject: '' }), 'insufficient_scope');
  });
});

async function refusal(method: string, path: string, access: readonly Access[]) {
  const answer = await send(method, path, await bearer({ access }));
  expect(answer.status).toBe(401);
  return answer;
}

describe('a push that is not granted', () => {
  const PLAIN = 'the token does not grant push';
  const MIRROR = `${PLAIN}; nobody may push to a mirror`;
  const MIRRORED = 'quay.io/coreos/etcd';

  beforeAll(async () => {
    await registry.storage.namespaces.ensureMirror('quay.io', 'test');
    await registry.storage.namespaces.create({ name: 'team' }, 'test');
  });

  it.each([
    ['POST', `/v2/${MIRRORED}/blobs/uploads/`, MIRRORED, MIRROR],
    ['PATCH', `/v2/${MIRRORED}/blobs/uploads/${ID}`, MIRRORED, MIRROR],
    ['PUT', `/v2/${MIRRORED}/manifests/1`, MIRRORED, MIRROR],
    ['DELETE', `/v2/${MIRRORED}/manifests/1`, MIRRORED, 'the token does not grant delete'],
    ['POST', `/v2/${NAME}/blobs/uploads/`, NAME, PLAIN],
    ['PUT', '/v2/none/at-all/manifests/1', 'none/at-all', PLAIN],
    ['POST', `/v2/${MIRRORED}/blobs/uploads/`, 'quay.io/coreos/flannel', PLAIN],
  ])('%s %s by whom %s shows itself says: %s', async (method, path, pulled, message) => {
    const answer = await refusal(method, path, [repositoryAccess(pulled, 'pull')]);
    expect(JSON.parse(answer.body.toString())).toMatchObject({ errors: [{ message }] });
  });

  it('tells a stranger nothing of a mirror', async () => {
    const seen = await Promise.all(
      [MIRRORED, 'none.io/coreos/etcd'].map(async (name) => {
        const { body, headers } = await refusal('POST', `/v2/${name}/blobs/uploads/`, []);
        const text = `${headers['www-authenticate']}\n${body.toString()}`;
        return text.replaceAll(name, '<name>').replace(String(headers['x-request-id']), '<id>');
      }),
    );
    expect(seen[0]).toContain(PLAIN);
    expect(seen[0]).toBe(seen[1]);
  });
});

describe('the access that suffices', () => {
  it.each([
    ['push', 'POST', `/v2/${NAME}/blobs/uploads/`, 202],
    ['push', 'GET', `/v2/${NAME}/blobs/uploads/${ID}`, 404],
    ['push', 'GET', `/v2/${NAME}/manifests/latest`, 401],
    ['push', 'DELETE', `/v2/${NAME}/manifests/latest`, 401],
    ['pull', 'GET', `/v2/${NAME}/manifests/latest`, 404],
    ['pull', 'POST', `/v2/${NAME}/blobs/uploads/`, 401],
    ['delete', 'DELETE', `/v2/${NAME}/manifests/latest`, 404],
    ['delete', 'GET', `/v2/${NAME}/manifests/latest`, 401],
  ])('with %s, %s %s is answered %i', async (action, method, path, status) => {
    const authorization = await bearer({ access: [repositoryAccess(NAME, action)] });
    expect((await send(method, path, authorization)).status).toBe(status);
  });

  it('takes the scheme in any case', async () => {
    const authorization = (await bearer({})).replace('Bearer', 'bEARER');
    expect((await send('GET', '/v2/', authorization)).status).toBe(200);
  });
});

// The access matrix: every route × every kind of subject × every visibility → status. It is generated
// from the tables in access/, and fails when a route is in none of them. And what a subject may not
// see must look, on every route, like what does not exist.
import { ROUTES } from '@portolan/registry';
import { decodeJwt } from 'jose';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { routeTable } from '../packages/auth/src/http/routes.ts';
import { attempt, isAllowed, titleOf } from './access/attempt.ts';
import { AUTH_ROWS } from './access/auth-rows.ts';
import { expectUnauthorized, visibleParts } from './access/expect-refused.ts';
import { CATALOG, RIGHTS, SUBJECTS, VISIBILITIES } from './access/reference-model.ts';
import { REGISTRY_PROBES } from './access/registry-probes.ts';
import { MIRROR, pushContent, startWorld, type World } from './access/world.ts';
import { createSession, openSession } from './conformance/registry-client.ts';
import { createRepository } from './conformance/repository.ts';
import { makeImage, randomBlob } from './support/image.ts';
import { loggedErrors } from './support/logged-errors.ts';

let world: World;
const image = makeImage();

/** The routes alone are asked for here. */
const handler = () => Promise.resolve();

const NAMES = ['crew', 'person'].flatMap((kind) =>
  VISIBILITIES.map((visibility) => `${kind}-${visibility}/app`),
);

async function restore(name: string): Promise<void> {
  await pushContent(await world.administrator(name), image);
}

beforeAll(async () => {
  world = await startWorld();
  for (const name of NAMES) await restore(name);
});

afterAll(async () => {
  await world?.portolan.stop();
  expect(loggedErrors(world?.portolan.logs() ?? '')).toEqual([]);
});

describe('the tables of the access matrix', () => {
  it('have a row for every route of the registry', () => {
    const routes = ROUTES.map(({ method, pattern }) => `${method} ${pattern}`);
    const probes = REGISTRY_PROBES.map(({ method, pattern }) => `${method} ${pattern}`);
    expect([...new Set(probes)].sort()).toEqual(routes.sort());
  });

  it('have a row for every route of the token service', () => {
    const table = routeTable({
      frontPage: handler,
      getToken: handler,
      postToken: handler,
      jwks: handler,
      caCertificate: handler,
      caFingerprint: handler,
      acmeChallenge: handler,
      livez: handler,
      readyz: handler,
    });
    const routes = table.flatMap(({ method, path, hasHead }) =>
      (hasHead ? [method, 'HEAD'] : [method]).map((one) => `${one} ${path}`),
    );
    const rows = AUTH_ROWS.map(({ method, path }) => `${method} ${path}`);
    expect([...new Set(rows)].sort()).toEqual(routes.sort());
  });
});

describe.each(SUBJECTS)('access of %s', (subject) => {
  describe.each(VISIBILITIES)('to a %s repository', (visibility) => {
    const rows = REGISTRY_PROBES.map((probe) => {
      const allowed = isAllowed(probe, subject, visibility);
      return [titleOf(probe), allowed ? probe.success : 401, probe] as const;
    });

    it.each(rows)('%s → %i', async (_title, status, probe) => {
      const answer = await attempt(world, image, probe, { subject, visibility });
      if (probe.method === 'DELETE') await restore(world.repositoryName(subject, visibility));
      if (status === 401) expectUnauthorized(answer, probe.method);
      else expect(answer.status, answer.body.toString()).toBe(status);
    });
  });

  const authRows = AUTH_ROWS.map((row) => {
    const title = [row.method, row.path, row.note].filter(Boolean).join(' ');
    return [title, row.statuses[subject], row] as const;
  });

  it.each(authRows)('%s → %i', async (_title, status, row) => {
    const user = world.userOf(subject, 'private');
    const session = createSession(world.portolan.url, undefined);
    const answer = await session.request(row.method, row.path, row.options(user, world.service));
    expect(answer.status, answer.body.toString()).toBe(status);
  });
});

const CATALOGS = SUBJECTS.flatMap((subject) => {
  const names = CATALOG[subject];
  return names === undefined ? [] : [[subject, [...names].sort()] as const];
});

describe('the catalog', () => {
  it.each(CATALOGS)('shows %s what it may pull, and no more', async (subject, repositories) => {
    const session = await world.session(subject, 'private');
    const answer = await session.request('GET', '/v2/_catalog');
    expect(answer.json()).toEqual({ repositories });
  });
});

// Each pair of one length, so that nothing may differ but the name itself.
const PAIRS = [
  ['a private repository and an absent repository', 'crew-private/app', 'crew-private/nop'],
  ['a private repository and an absent namespace', 'crew-private/app', 'nowhere-crew/app'],
  ['a private mirror and an absent namespace', `${MIRROR}/app`, 'none.example/app'],
] as const;

const ON_REPOSITORY = REGISTRY_PROBES.filter(({ pattern }) => pattern.includes('<name>'));
const BLIND = SUBJECTS.filter(
  (subject) => RIGHTS[subject].private.length === 0 && subject !== 'no token',
);

describe.each(PAIRS)('%s', (_what, hidden, absent) => {
  const pairs = ['no token' as const, ...BLIND].flatMap((subject) =>
    ON_REPOSITORY.map((probe) => [titleOf(probe), subject, probe] as const),
  );

  it.each(pairs)('look the same: %s, %s', async (_title, subject, probe) => {
    const [forbidden, missing] = await Promise.all(
      [hidden, absent].map(async (name) => {
        const answer = await attempt(world, image, probe, { subject, visibility: 'private', name });
        return visibleParts(answer, name);
      }),
    );
    expect(forbidden).toEqual(missing);
  });

  it.each(['anonymous', 'stranger'] as const)(
    'look the same in the token of %s',
    async (subject) => {
      const user = world.userOf(subject, 'private');
      const claims = await Promise.all(
        [hidden, absent].map(async (name) => {
          const token = await world.portolan.token([`repository:${name}:pull,push`], user);
          const { iat: _i, nbf: _n, exp: _e, jti: _j, ...rest } = decodeJwt(token);
          return rest;
        }),
      );
      expect(claims[0]).toEqual(claims[1]);
      expect(claims[0]?.['access']).toEqual([]);
    },
  );
});

describe('a mount', () => {
  it.each([
    ['public', 201],
    ['protected', 201],
    ['private', 202],
  ] as const)('by a stranger from a %s repository → %i', async (visibility, status) => {
    const source = `crew-${visibility}/app`;
    const blob = randomBlob(64);
    await (await world.administrator(source)).pushBlob(blob);
    const scopes = [`repository:stranger/box:pull,push`, `repository:${source}:pull`];
    const user = world.userOf('stranger', visibility);
    const session = await openSession(world.portolan.url, scopes, user);
    const { uploads, request } = createRepository('stranger/box', session);
    const query = { mount: blob.digest, from: source };
    const answer = await request('POST', uploads, { query });
    expect(answer.status).toBe(status);
  });
});

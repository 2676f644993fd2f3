import { Scope } from '@portolan/oci';
import type { NamespaceAccess } from '@portolan/storage';
import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { createAuthorizer } from '../../src/policy/authorize.ts';
import { accessOf, CASES, SETTINGS, subjectOf } from '../fixtures/policy-cases.ts';
import { type Case, type Relation, referenceActions } from '../fixtures/reference-policy.ts';

const NAMES = ['', 'alpha', 'beta', 'gamma'] as const;
const SUBJECTS = ['anonymous', 'stranger', 'admin', 'disabled'] as const;

interface Organization {
  readonly subject: (typeof SUBJECTS)[number];
  readonly settings: Case['settings'];
  /** How the subject stands to each namespace. */
  readonly places: ReadonlyMap<string, Omit<Case, 'settings'>>;
}

// A person who is a stranger at large may have a role here and there.
function relationIn(subject: Organization['subject'], row: Case): Relation {
  if (subject !== 'stranger') return subject;
  return ['anonymous', 'admin', 'disabled'].includes(row.relation) ? 'stranger' : row.relation;
}

const organizations: fc.Arbitrary<Organization> = fc
  .record({
    subject: fc.constantFrom(...SUBJECTS),
    settings: fc.constantFrom(...SETTINGS),
    rows: fc.array(fc.constantFrom(...CASES), { minLength: 4, maxLength: 4 }),
  })
  .map(({ subject, settings, rows }) => ({
    subject,
    settings,
    places: new Map(
      rows.map((row, i) => [
        NAMES[i] ?? '',
        {
          kind: row.kind,
          visibility: row.visibility,
          isMirror: row.isMirror,
          relation: relationIn(subject, row),
        },
      ]),
    ),
  }));

const repositories = fc
  .tuple(fc.constantFrom(...NAMES, 'unknown'), fc.constantFrom('app', 'app2', 'deep/er/app'))
  .map(([namespace, rest]) => (namespace === '' ? 'app' : `${namespace}/${rest}`));
const scopes = fc
  .tuple(repositories, fc.subarray(['pull', 'push', 'delete', '*', 'own', 'PULL']))
  .map(([name, actions]) => `repository:${name}:${actions.join(',')}`);
const requests = fc.array(
  fc.oneof(
    { weight: 8, arbitrary: scopes },
    fc.constantFrom('registry:catalog:*', 'other:thing:pull', 'repository:UPPER/x:pull', '::', ''),
  ),
  { maxLength: 6 },
);

function authorizerOf({ settings, places }: Organization) {
  return createAuthorizer({
    settings,
    namespaces: {
      accessOf: async (_subject, name): Promise<NamespaceAccess | undefined> => {
        const place = places.get(name);
        return place && accessOf(place, name, NAMES.indexOf(name as (typeof NAMES)[number]) + 1);
      },
      idsOf: async () => [2, 3],
    },
  });
}

async function authorize(organization: Organization, requested: readonly string[]) {
  return authorizerOf(organization).authorize({
    subject: subjectOf(organization.subject),
    scopes: Scope.parseAll(requested),
    isOwnService: true,
  });
}

const flat = (access: readonly { type: string; name: string; actions: readonly string[] }[]) =>
  access.flatMap(({ type, name, actions }) => actions.map((action) => `${type}:${name}:${action}`));

/** The reference model's answer to one repository. */
function modelOf({ subject, settings, places }: Organization, name: string): string[] {
  const slash = name.indexOf('/');
  const place = places.get(slash === -1 ? '' : name.slice(0, slash));
  const relation = place?.relation ?? subject;
  const known = place ?? { kind: undefined, visibility: 'private' as const, isMirror: false };
  return referenceActions({ ...known, relation, settings });
}

describe('authorize', () => {
  it('grants what was asked for and the matrix allows, in any organization', async () => {
    await fc.assert(
      fc.asyncProperty(organizations, requests, async (organization, requested) => {
        const { access } = await authorize(organization, requested);
        const asked = Scope.parseAll(requested).filter((scope) => scope.type === 'repository');
        const expected = asked.flatMap(({ name, actions }) => {
          const allowed = modelOf(organization, name);
          return actions.filter((a) => allowed.includes(a)).map((a) => `repository:${name}:${a}`);
        });
        const granted = flat(access).filter((grant) => grant.startsWith('repository:'));
        expect(granted).toEqual(expected);
      }),
      { numRuns: 500 },
    );
  });

  it('never grants an empty list, a wildcard on a repository, or what was not asked for', async () => {
    await fc.assert(
      fc.asyncProperty(organizations, requests, async (organization, requested) => {
        const { access } = await authorize(organization, requested);
        for (const { type, name, actions } of access) {
          expect(actions).not.toEqual([]);
          if (type === 'repository') expect(actions).not.toContain('*');
          expect(requested.some((text) => text.includes(`:${name}:`))).toBe(true);
        }
      }),
    );
  });

  it('does not depend on the order or the grouping of the scopes', async () => {
    await fc.assert(
      fc.asyncProperty(organizations, requests, async (organization, requested) => {
        const one = flat((await authorize(organization, requested)).access).sort();
        const other = flat(
          (await authorize(organization, [requested.toReversed().join(' ')])).access,
        );
        expect(other.sort()).toEqual(one);
      }),
    );
  });

  it('never grants more after a right was taken away', async () => {
    await fc.assert(
      fc.asyncProperty(
        organizations,
        requests,
        fc.constantFrom(...NAMES),
        async (organization, requested, name) => {
          const before = flat((await authorize(organization, requested)).access);
          const place = organization.places.get(name);
          if (place === undefined || organization.subject === 'admin') return;
          const relation = organization.subject;
          const places = new Map(organization.places).set(name, { ...place, relation });
          const after = flat((await authorize({ ...organization, places }, requested)).access);
          expect(before).toEqual(expect.arrayContaining(after));
        },
      ),
    );
  });

  it('stamps exactly the namespaces of what it granted, and none for administrators', async () => {
    await fc.assert(
      fc.asyncProperty(organizations, requests, async (organization, requested) => {
        const { access, stamp } = await authorize(organization, requested);
        const granted = access.filter(({ type }) => type === 'repository');
        const spaces = granted.map(({ name }) =>
          name.includes('/') ? name.slice(0, name.indexOf('/')) : '',
        );
        const expected = organization.subject === 'admin' ? [] : [...new Set(spaces)].sort();
        expect(Object.keys(stamp.namespaces).sort()).toEqual(expected);
        expect(stamp.subject).toEqual(organization.subject === 'anonymous' ? undefined : [7, 3]);
        expect(stamp.catalog !== undefined).toBe(access.some(({ type }) => type === 'registry'));
      }),
    );
  });
});

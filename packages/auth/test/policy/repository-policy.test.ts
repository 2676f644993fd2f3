import { Scope } from '@portolan/oci';
import { describe, expect, it } from 'vitest';
import { REPOSITORY_POLICY } from '../../src/policy/repository-policy.ts';
import { accessOf, CASES, subjectOf } from '../fixtures/policy-cases.ts';
import { type Relation, referenceActions } from '../fixtures/reference-policy.ts';

const RELATIONS: readonly Relation[] = [...new Set(CASES.map(({ relation }) => relation))];

describe('repository policy', () => {
  it.each(RELATIONS)('gives %s exactly what the matrix says', (relation) => {
    for (const row of CASES.filter((candidate) => candidate.relation === relation)) {
      const facts = {
        subject: subjectOf(relation),
        access: accessOf(row),
        settings: row.settings,
      };
      const actions = Scope.REPOSITORY_ACTIONS.filter((action) => REPOSITORY_POLICY[action](facts));
      expect(actions, JSON.stringify(row)).toEqual(referenceActions(row));
    }
  });

  it('never lets visibility decide a push or a delete', () => {
    for (const row of CASES) {
      const facts = (visibility: 'public' | 'private') => ({
        subject: subjectOf(row.relation),
        access: accessOf({ ...row, visibility }),
        settings: row.settings,
      });
      for (const action of ['push', 'delete'] as const) {
        const policy = REPOSITORY_POLICY[action];
        expect(policy(facts('public'))).toBe(policy(facts('private')));
      }
    }
  });
});

import { describe, expect, it } from 'vitest';
import { catalogFilter } from '../../src/policy/catalog-policy.ts';
import { SETTINGS, subjectOf } from '../fixtures/policy-cases.ts';
import type { Relation } from '../fixtures/reference-policy.ts';

const own = { visibilities: ['public', 'protected'], namespaceIds: [4, 9] };
const publicOnly = { visibilities: ['public'], namespaceIds: [] };

const TABLE: readonly [Relation, boolean, boolean, unknown][] = [
  // who, own service, anonymous allowed, filter
  ['admin', true, true, 'all'],
  ['admin', false, true, 'all'],
  ['stranger', true, true, own],
  ['stranger', true, false, own],
  ['stranger', false, true, undefined],
  ['anonymous', true, true, publicOnly],
  ['anonymous', true, false, undefined],
  ['anonymous', false, true, undefined],
  ['disabled', true, true, undefined],
  ['disabled', false, true, undefined],
];

describe('catalog policy', () => {
  it.each(TABLE)(
    '%s, own service %s, anonymous %s',
    (relation, isOwnService, anonymous, filter) => {
      for (const settings of SETTINGS.filter((one) => one.anonymous === anonymous)) {
        const facts = { subject: subjectOf(relation), settings, isOwnService };
        expect(catalogFilter(facts, [4, 9])).toEqual(filter);
      }
    },
  );
});

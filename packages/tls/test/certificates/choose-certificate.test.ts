import { expect, it } from 'vitest';
import { type Candidate, matchCertificate } from '../../src/certificates/choose-certificate.ts';

interface Named extends Candidate {
  readonly id: string;
}

type Source = Candidate['source'];

function one(id: string, name: string, times: readonly [number, number], source: Source): Named {
  const [notBefore, notAfter] = times;
  return { id, facts: { names: [name], notBefore, notAfter }, source };
}

const EXACT = 'hub.lan';
const WILDCARD = '*.lan';

it.each<[string, readonly Named[], string | undefined]>([
  [
    'the one that ends last',
    [one('short', EXACT, [0, 20], 'imported'), one('long', EXACT, [0, 30], 'imported')],
    'long',
  ],
  [
    'what was imported, though ours ends later',
    [one('ours', EXACT, [0, 30], 'authority'), one('theirs', EXACT, [0, 20], 'imported')],
    'theirs',
  ],
  [
    'what an ACME server issued, though ours ends later',
    [one('ours', EXACT, [0, 30], 'authority'), one('acme', EXACT, [0, 20], 'acme')],
    'acme',
  ],
  [
    'our exact name before an imported wildcard',
    [one('wildcard', WILDCARD, [0, 30], 'imported'), one('ours', EXACT, [0, 20], 'authority')],
    'ours',
  ],
  [
    'a wildcard that holds before an exact name that has ended',
    [one('wildcard', WILDCARD, [0, 20], 'authority'), one('exact', EXACT, [0, 10], 'imported')],
    'wildcard',
  ],
  [
    'one that holds before one that does not yet, and ends later',
    [one('early', EXACT, [11, 90], 'imported'), one('now', EXACT, [0, 11], 'authority')],
    'now',
  ],
  [
    'one that has ended where there is nothing else',
    [one('other', 'other.lan', [0, 20], 'imported'), one('ended', EXACT, [0, 5], 'imported')],
    'ended',
  ],
  ['nothing where none is for the name', [one('other', 'other.lan', [0, 20], 'acme')], undefined],
])('chooses %s', (_what, candidates, id) => {
  expect(matchCertificate(candidates, 'Hub.lan', 10)?.id).toBe(id);
  expect(matchCertificate(candidates.toReversed(), 'Hub.lan', 10)?.id).toBe(id);
});

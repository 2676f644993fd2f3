// Names are proven at the same time: in which order their answers come says nothing.
import { expect, it } from 'vitest';
import { type AcmeAnswer, acmeFailure } from '../../src/acme/acme-failure.ts';

function answer(state: string, token?: string): AcmeAnswer {
  const nothing = { type: undefined, detail: undefined, retryAt: undefined };
  return { ...nothing, status: 200, state, token };
}

const BEGUN = [answer('pending'), answer('pending', 'a'), answer('pending', 'b')];

it.each<[string, string, boolean, readonly AcmeAnswer[]]>([
  ['one is slow, the other proven after it', 'acme-unavailable', false, [answer('valid', 'b')]],
  [
    'one has failed, the other is slow',
    'acme-denied',
    true,
    [answer('invalid', 'a'), answer('pending', 'b')],
  ],
  [
    'all are proven, and the order fails',
    'acme-denied',
    false,
    [answer('valid', 'a'), answer('valid', 'b'), answer('invalid')],
  ],
])('when %s it is %s', (_what, code, hasHint, answers) => {
  const facts = { server: 'https://acme.corp/directory', answers: [...BEGUN, ...answers] };
  const hint: unknown = hasHint ? expect.stringContaining('port 80') : undefined;
  const { server } = facts;
  const failure = acmeFailure(new Error('over'), facts);
  expect(failure).toHaveProperty('code', code);
  const detail = { server, reason: 'over', ...(hasHint ? { hint } : {}) };
  expect(failure).toHaveProperty('detail', detail);
});

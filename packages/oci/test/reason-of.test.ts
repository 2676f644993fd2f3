// What is said of an error in one line.
import { expect, it } from 'vitest';
import { DomainError } from '../src/domain-error.ts';
import { reasonOf } from '../src/reason-of.ts';

it.each([
  ['the message of any error', new TypeError('no such thing'), 'no such thing'],
  ['what was thrown and is no error', 'stop', 'stop'],
  ['an error of the domain', new DomainError('x', 'not there'), 'not there'],
  [
    'with the facts that say where, and what to do',
    new DomainError('x', 'cannot be reached', { reason: 'ECONNREFUSED', hint: 'start it', n: 1 }),
    'cannot be reached (ECONNREFUSED); start it',
  ],
  [
    'but never its cause',
    new DomainError('x', 'is damaged', { file: 'a.json' }, { cause: new Error('inside') }),
    'is damaged (a.json)',
  ],
])('is %s', (_what, error, expected) => {
  expect(reasonOf(error)).toBe(expected);
});

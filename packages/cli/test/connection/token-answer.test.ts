// What is read of a token service's answer, which may be anybody's.
import { describe, expect, it } from 'vitest';
import { accessOf, readToken } from '../../src/connection/token-answer.ts';

function tokenWith(payload: unknown): string {
  return `e30.${Buffer.from(JSON.stringify(payload)).toString('base64url')}.e30`;
}

const PULL = { type: 'repository', name: 'a/b', actions: ['pull'] };

describe('a token', () => {
  it.each([
    ['{"token":"one"}', 'one'],
    ['{"access_token":"two"}', 'two'],
    ['{"token":"one","access_token":"two"}', 'one'],
    ['{"token":1}', undefined],
    ['"token"', undefined],
    ['null', undefined],
    ['<html>', undefined],
  ])('in %s is %s', (body, token) => {
    expect(readToken(Buffer.from(body))).toBe(token);
  });

  it.each([
    ['what it grants', tokenWith({ access: [PULL] }), [PULL]],
    ['no entry without actions', tokenWith({ access: [{ ...PULL, actions: [] }, PULL] }), [PULL]],
    ['no entry of another form', tokenWith({ access: [null, 'x', { actions: ['pull'] }] }), []],
    ['nothing where access is no list', tokenWith({ access: PULL }), []],
    ['nothing in what is no JWT', 'opaque', []],
  ])('tells %s', (_title, token, access) => {
    expect(accessOf(token)).toEqual(access);
  });
});

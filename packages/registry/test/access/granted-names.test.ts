import { RepositoryName } from '@portolan/oci';
import { expect, it } from 'vitest';
import { may, readClaims } from '../../src/access/verified-token.ts';

it('compares the names of what a token grants exactly', () => {
  const token = readClaims({
    sub: 'alice',
    iat: 1,
    exp: 2,
    access: [
      { type: 'repository', name: 'a/b', actions: ['pull'] },
      { type: 'registry', name: 'a', actions: ['*'] },
    ],
  });
  if (token === undefined) throw new Error('the claims are refused');
  expect(may(token, RepositoryName.parse('a/b'), 'pull')).toBe(true);
  expect(may(token, RepositoryName.parse('a/b'), 'push')).toBe(false);
  for (const name of ['a', 'a/b/c', 'a/bc']) {
    expect(may(token, RepositoryName.parse(name), 'pull')).toBe(false);
  }
});

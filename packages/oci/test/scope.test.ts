import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { Scope } from '../src/index.ts';

const repository = (name: string, ...actions: string[]) => ({ type: 'repository', name, actions });
const catalog = { type: 'registry', name: 'catalog', actions: ['*'] };

const byName = (parsed: readonly { name: string }[]) =>
  [...parsed].sort((a, b) => (a.name < b.name ? -1 : 1));

describe('Scope.parseAll', () => {
  it.each<[string, string[], object[]]>([
    ['one scope', ['repository:a/b:pull'], [repository('a/b', 'pull')]],
    ['several actions', ['repository:a/b:push,pull'], [repository('a/b', 'pull', 'push')]],
    [
      'repeated parameters',
      ['repository:a:pull', 'repository:b:push'],
      [repository('a', 'pull'), repository('b', 'push')],
    ],
    [
      'a space-separated list (crane)',
      ['repository:a:pull repository:b:pull'],
      [repository('a', 'pull'), repository('b', 'pull')],
    ],
    [
      'two scopes of one repository',
      ['repository:a:pull', 'repository:a:push'],
      [repository('a', 'pull', 'push')],
    ],
    [
      'the wildcard as what it stands for',
      ['repository:a:*'],
      [repository('a', 'pull', 'push', 'delete')],
    ],
    ['the deprecated class', ['repository(plugin):a:pull'], [repository('a', 'pull')]],
    ['the catalog', ['registry:catalog:*'], [catalog]],
    ['moby`s catalog search', ['registry:catalog:search'], [catalog]],
    ['an empty action list as nothing', ['repository:a:'], [repository('a')]],
    ['unknown actions as nothing', ['repository:a:admin,pull'], [repository('a', 'pull')]],
    [
      'unknown types, bad names and garbage as if absent',
      [
        'foo:a:pull',
        'repository:A:pull',
        'x',
        '::',
        '',
        'repository:a/../b:pull',
        'repository:localhost:5000/a:pull',
      ],
      [],
    ],
  ])('reads %s', (_name, values, expected) => {
    expect(Scope.parseAll(values)).toEqual(expected);
  });

  it('reads at most a hundred', () => {
    const many = Array.from({ length: 500 }, (_, i) => `repository:a${i}:pull`);
    expect(Scope.parseAll(many)).toHaveLength(100);
  });

  it('is undone by format, and independent of order', () => {
    const action = fc.subarray(['pull', 'push', 'delete']);
    const scope = fc
      .tuple(fc.constantFrom('a', 'a/b', 'x.y/z'), action)
      .map(([name, actions]) => repository(name, ...actions));
    fc.assert(
      fc.property(fc.uniqueArray(scope, { selector: (s) => s.name }), (scopes) => {
        expect(Scope.parseAll([Scope.format(scopes)])).toEqual(scopes);
        expect(byName(Scope.parseAll(scopes.toReversed().map((s) => Scope.format([s]))))).toEqual(
          byName(scopes),
        );
      }),
    );
  });
});

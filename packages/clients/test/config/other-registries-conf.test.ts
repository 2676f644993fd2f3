// Tables of other files that decide before ours, as podman and its family read them.
import { describe, expect, it } from 'vitest';
import { judged, type Wanted } from '../request.ts';

const MAIN = '/etc/containers/registries.conf';
const EARLIER = `${MAIN}.d/10-theirs.conf`;
const OURS = `${MAIN}.d/50-portolan.conf`;
const LATER = `${MAIN}.d/99-theirs.conf`;

const warnings = (path: string, text: string, wanted: Wanted = {}): readonly string[] =>
  judged('podman', { [path]: text }, wanted).warnings;

const table = (...lines: readonly string[]): string => ['[[registry]]', ...lines].join('\n');

const mirrored = (...places: readonly string[]): readonly string[] =>
  places.flatMap((place) => ['[[registry.mirror]]', `location = "${place}"`]);

const SAME = table('prefix = "docker.io"', 'location = "other.lan/x"');
const QUAY_OPEN = table(
  'prefix = "quay.io"',
  'location = "quay.io"',
  ...mirrored('registry.lan/quay.io'),
);
/** Prefix and place. */
const LIBRARY = ['docker.io/library', 'docker.io/library'] as const;
const LONGER = table('location = "docker.io/library"');

describe('what makes a registry fail-open is told', () => {
  it.each([
    ['the same prefix in a later file', LATER, SAME, ['docker.io', 'other.lan/x']],
    ['a longer one in a later file', LATER, LONGER, LIBRARY],
    ['a longer one in an earlier file', EARLIER, LONGER, LIBRARY],
    ['a longer one in the main file', MAIN, LONGER, LIBRARY],
    ['a longer one in our own file', OURS, LONGER, LIBRARY],
    [
      'one of an earlier run for another address',
      OURS,
      table('prefix = "quay.io"', 'location = "old.lan/quay.io"'),
      ['quay.io', 'old.lan/quay.io'],
    ],
    [
      'a mirror elsewhere before ours',
      LATER,
      table(
        'prefix = "docker.io"',
        'blocked = true',
        ...mirrored('registry.lan/docker.io', 'mirror.gcr.io'),
      ),
      ['docker.io', 'mirror.gcr.io'],
    ],
  ] as const)('%s', (_title, path, text, [prefix, place]) => {
    expect(warnings(path, text)).toEqual([
      `${prefix} is not fail-closed: ${path} leads to ${place}. Remove its table there.`,
    ]);
    expect(judged('crio', { [path]: text }).warnings).toEqual(warnings(path, text));
  });

  it.each<[string, string, string, Wanted]>([
    ['the same prefix in an earlier file, over which ours counts', EARLIER, SAME, {}],
    ['the same prefix in the main file', MAIN, SAME, {}],
    ['ours of before, which is replaced', OURS, SAME, {}],
    ['ours of a fail-open run, which changes', OURS, QUAY_OPEN, {}],
    [
      'one that leads here',
      LATER,
      table('prefix = "docker.io"', 'location = "registry.lan/x"'),
      {},
    ],
    ['one that is blocked', LATER, table('location = "docker.io/library"', 'blocked = true'), {}],
    [
      'a blocked one with a mirror here',
      LATER,
      table('prefix = "docker.io"', 'blocked = true', ...mirrored('registry.lan/docker.io')),
      {},
    ],
    ['another registry', LATER, table('location = "quay.io"'), {}],
    ['a wildcard, which is shorter', LATER, table('prefix = "*.io"', 'location = "a.lan"'), {}],
    ['what is no TOML', LATER, '[', {}],
    ['other settings', MAIN, 'unqualified-search-registries = ["quay.io"]', {}],
    ['anything when it is fail-open', LATER, SAME, { fails: 'open' }],
  ])('but not %s', (_title, path, text, wanted) => {
    expect(warnings(path, text, wanted)).toEqual([]);
  });
});

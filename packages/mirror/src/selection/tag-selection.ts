// Which tags of an upstream repository a rule takes. Listed tags and digests are taken as they are;
// expressions and a semver range each add what they match; nothing given is every tag. `exclude` and
// `newest` thin out what was matched and never what was listed. Tags that belong to an image (cosign's,
// the index of referrers) are matched by nothing: they come with their image, or by being listed.
import type { Digest, Tag } from '@portolan/oci';
import { isAttachedTag } from '../names/attached-tags.ts';
import { parseExpression } from './expression.ts';
import { compareVersions, parseRange, type Version, versionOf } from './version.ts';

export interface TagSelection {
  readonly tags?: readonly Tag[];
  /** Copied without a tag. */
  readonly digests?: readonly Digest[];
  readonly regex?: readonly string[];
  readonly semver?: string;
  readonly exclude?: readonly string[];
  /** So many of those that were matched: highest versions first, then what is no version, bytewise last first. */
  readonly newest?: number;
}

export interface SelectedTags {
  /** Bytewise ascending. */
  readonly tags: readonly Tag[];
  /** Listed, but not there. */
  readonly missing: readonly Tag[];
}

export type SelectTags = (all: readonly Tag[]) => SelectedTags;

interface Ranked {
  readonly tag: Tag;
  readonly version: Version | undefined;
}

function bytewise(a: string, b: string): number {
  if (a === b) return 0;
  return a < b ? -1 : 1;
}

function newestFirst(a: Ranked, b: Ranked): number {
  if (a.version !== undefined && b.version !== undefined) {
    return compareVersions(b.version, a.version) || bytewise(b.tag, a.tag);
  }
  if (a.version === b.version) return bytewise(b.tag, a.tag);
  return a.version === undefined ? 1 : -1;
}

function newestOf(tags: readonly Tag[], count: number | undefined): readonly Tag[] {
  if (count === undefined || tags.length <= count) return tags;
  const ranked = tags.map((tag) => ({ tag, version: versionOf(tag) }));
  return ranked
    .sort(newestFirst)
    .slice(0, count)
    .map(({ tag }) => tag);
}

function parseRangeOfTags(range: string): (tag: string) => boolean {
  const satisfies = parseRange(range);
  return (tag) => {
    const version = versionOf(tag);
    return version !== undefined && satisfies(version);
  };
}

function hasPatterns({ regex, semver }: TagSelection): boolean {
  return (regex ?? []).length > 0 || semver !== undefined;
}

function isListed({ tags, digests }: TagSelection): boolean {
  return (tags ?? []).length > 0 || (digests ?? []).length > 0;
}

/** Whether the upstream's tags must be listed to know which ones are meant. */
export function needsListing(selection: TagSelection): boolean {
  return hasPatterns(selection) || !isListed(selection);
}

/** What the patterns match. */
function matcherOf(selection: TagSelection): (tag: Tag) => boolean {
  const matchers = (selection.regex ?? []).map(parseExpression);
  if (selection.semver !== undefined) matchers.push(parseRangeOfTags(selection.semver));
  const excluded = (selection.exclude ?? []).map(parseExpression);
  const takesAll = matchers.length === 0 && !isListed(selection);
  return (tag) =>
    !isAttachedTag(tag) &&
    (takesAll || matchers.some((matches) => matches(tag))) &&
    !excluded.some((matches) => matches(tag));
}

/** Reads the expressions once, for any number of listings. @throws MirrorError `request-invalid` */
export function compileSelection(selection: TagSelection): SelectTags {
  const matches = matcherOf(selection);
  const listed = selection.tags ?? [];
  return (all) => {
    const known = new Set(all);
    const matched = newestOf(all.filter(matches), selection.newest);
    const taken = new Set([...listed.filter((tag) => known.has(tag)), ...matched]);
    return {
      tags: [...taken].sort(bytewise),
      missing: [...new Set(listed)].filter((tag) => !known.has(tag)),
    };
  };
}

export function selectTags(all: readonly Tag[], selection: TagSelection): SelectedTags {
  return compileSelection(selection)(all);
}

// Versions in tags, read with tolerance: `v1`, `1.36`, `1.36.1`, and `1.36-musl`, whose suffix counts as
// a semver pre-release. Semver's own rule then leaves `1.36-musl` out of `>=1.36`, which is what people
// want of `2.0-rc1`; a range that has a pre-release itself (`>=1.36-0`) takes them in.
import semver from 'semver';
import { mirrorError } from '../errors.ts';

const VERSION = /^v?(\d{1,15})(?:\.(\d{1,15}))?(?:\.(\d{1,15}))?(?:-([A-Za-z0-9._-]+))?$/;
const MAX_RANGE_LENGTH = 256;

export type Version = semver.SemVer;

/** Semver forbids leading zeros and empty parts, and knows no underscore. */
function preRelease(suffix: string | undefined): string {
  if (suffix === undefined) return '';
  const parts = suffix.replaceAll('_', '-').split('.');
  return `-${parts.map((part) => part.replace(/^0+(?=\d+$)/, '') || '0').join('.')}`;
}

/** Undefined for a tag that is no version, such as `latest` or one of four numbers. */
export function versionOf(tag: string): Version | undefined {
  const match = VERSION.exec(tag);
  if (match === null) return undefined;
  const [, major, minor = '0', patch = '0', suffix] = match;
  const numbers = [major, minor, patch].map(Number).join('.');
  return semver.parse(`${numbers}${preRelease(suffix)}`) ?? undefined;
}

export const compareVersions = (a: Version, b: Version): number => semver.compare(a, b);

type Test = (version: Version) => boolean;

/** `>=1.36-0` is `>=1.36.0-0`. */
function normalize(range: string): string {
  return range.replaceAll(
    /(^|[\s<>=~^|])v?(\d+)(?:\.(\d+))?-(?=[0-9A-Za-z])/g,
    (_, before: string, major: string, minor = '0') => `${before}${major}.${minor}.0-`,
  );
}

function within(text: string, includePrerelease: boolean): Test {
  const range = new semver.Range(normalize(text));
  return (version) => semver.satisfies(version, range, { includePrerelease });
}

/** What stands between two `||`; node's library has no `!=`. */
function parseComparators(text: string, includePrerelease: boolean): Test {
  const excluded = [...text.matchAll(/!=\s*([^\s!=<>]+)/g)].map(([, version = '']) =>
    within(version, true),
  );
  const isWanted = within(text.replaceAll(/!=\s*[^\s!=<>]+/g, ' '), includePrerelease);
  return (version) => isWanted(version) && !excluded.some((isExcluded) => isExcluded(version));
}

/**
 * A range as node's library has it, and as Masterminds' (skopeo's) does: a comma is a space, `=>` is `>=`.
 * @throws MirrorError `request-invalid`
 */
export function parseRange(text: string): Test {
  // Asked of the text: the library itself turns `<2` into `<2.0.0-0`.
  const includePrerelease = /[\dx*]-[0-9A-Za-z]/i.test(text);
  const spelled = text.replaceAll(',', ' ').replaceAll(/=([<>])/g, '$1=');
  try {
    if (text.trim() === '' || text.length > MAX_RANGE_LENGTH) throw new Error('empty or too long');
    const any = spelled.split('||').map((part) => parseComparators(part, includePrerelease));
    return (version) => any.some((matches) => matches(version));
  } catch (cause) {
    throw mirrorError(
      'request-invalid',
      'semver range is malformed',
      { semver: text.slice(0, MAX_RANGE_LENGTH), hint: "use a range such as '>=1.36 <2' or '1.x'" },
      cause,
    );
  }
}

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

/** `>=1.36-0` is `>=1.36.0-0`, and a comma is a space: what Masterminds' library (skopeo) takes too. */
function normalize(range: string): string {
  return range
    .replaceAll(',', ' ')
    .replaceAll(
      /(^|[\s<>=~^|])v?(\d+)(?:\.(\d+))?-(?=[0-9A-Za-z])/g,
      (_, before: string, major: string, minor = '0') => `${before}${major}.${minor}.0-`,
    );
}

/** @throws MirrorError `request-invalid` */
export function parseRange(text: string): (version: Version) => boolean {
  let range: semver.Range;
  try {
    if (text.trim() === '' || text.length > MAX_RANGE_LENGTH) throw new Error('empty or too long');
    range = new semver.Range(normalize(text));
  } catch (cause) {
    throw mirrorError(
      'request-invalid',
      'semver range is malformed',
      { semver: text.slice(0, MAX_RANGE_LENGTH), hint: "use a range such as '>=1.36 <2' or '1.x'" },
      cause,
    );
  }
  // Asked of the text: the library itself turns `<2` into `<2.0.0-0`.
  const includePrerelease = /[\dx*]-[0-9A-Za-z]/i.test(text);
  return (version) => semver.satisfies(version, range, { includePrerelease });
}

// The version of an engine, as `docker version` or `k3s --version` print it: `20.10.24+dfsg1`,
// `v1.29.1+k3s1`, `29`. Parts that are not given count as zero.
import { refuse } from './client-error.ts';

export type EngineVersion = readonly [major: number, minor: number, patch: number];

/** @throws DomainError `request-invalid` */
export function parseEngineVersion(text: string): EngineVersion {
  const [, major, minor, patch] =
    /^v?(\d{1,4})(?:\.(\d{1,4}))?(?:\.(\d{1,4}))?(?:[-+~].*)?$/.exec(text) ?? [];
  if (major === undefined) {
    return refuse(`${text} is no version of an engine`, 'give one such as 20.10.24 or 29');
  }
  return [Number(major), Number(minor ?? 0), Number(patch ?? 0)];
}

export function isBefore(version: EngineVersion, other: EngineVersion): boolean {
  const difference = version.map((part, i) => part - (other[i] ?? 0)).find((part) => part !== 0);
  return (difference ?? 0) < 0;
}

// Platforms as people write them: `linux/amd64`, `linux/arm64/v8`; machine names of uname are translated
// as the container engines do.
import { mirrorError } from '../errors.ts';

/** `os/architecture[/variant]`, such as `linux/arm/v7`. */
export interface Platform {
  readonly os: string;
  readonly architecture: string;
  readonly variant: string | undefined;
}

const GRAMMAR = /^([a-z0-9]+)\/([a-z0-9_-]+)(?:\/([a-z0-9.]+))?$/;
const MACHINES: Readonly<Record<string, string>> = {
  x86_64: 'amd64',
  'x86-64': 'amd64',
  aarch64: 'arm64',
  i386: '386',
  i686: '386',
};

/** @throws MirrorError `request-invalid` */
export function parsePlatform(text: string): Platform {
  const [, os, machine, variant] = GRAMMAR.exec(text.trim().toLowerCase()) ?? [];
  if (os === undefined || machine === undefined) {
    throw mirrorError('request-invalid', 'platform is malformed', {
      platform: text.slice(0, 100),
      hint: 'use os/architecture or os/architecture/variant, such as linux/arm64/v8',
    });
  }
  return { os, architecture: MACHINES[machine] ?? machine, variant };
}

export function formatPlatform({ os, architecture, variant }: Platform): string {
  return [os, architecture, variant].filter((part) => part !== undefined).join('/');
}

/** A wish without a variant takes each; arm64 without one is v8. */
export function matchesPlatform(wish: Platform, has: Platform): boolean {
  if (wish.os !== has.os || wish.architecture !== has.architecture) return false;
  if (wish.variant === undefined || wish.variant === has.variant) return true;
  return has.variant === undefined && has.architecture === 'arm64' && wish.variant === 'v8';
}

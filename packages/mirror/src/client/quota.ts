// Docker Hub's pull limit, from the headers of its manifests: `ratelimit-limit: 100;w=21600`. The
// numbers were changed three times; absent headers mean that there is no limit.
import type { Answer } from './answer.ts';

export interface Quota {
  readonly limit: number;
  readonly remaining: number;
  readonly windowSeconds: number | undefined;
  /** Whom it counts: an address, or an account. */
  readonly source: string | undefined;
}

function parse(header: string | undefined): { count: number; window?: number } | undefined {
  const [, count, window] = /^\s*(\d{1,9})(?:\s*;\s*w=(\d{1,9}))?/.exec(header ?? '') ?? [];
  if (count === undefined) return undefined;
  return { count: Number(count), ...(window === undefined ? {} : { window: Number(window) }) };
}

export function readQuota(answer: Answer): Quota | undefined {
  const source = answer.header('docker-ratelimit-source');
  const limit = parse(answer.header('ratelimit-limit'));
  const remaining = parse(answer.header('ratelimit-remaining'));
  if (limit === undefined || remaining === undefined) return undefined;
  return {
    limit: limit.count,
    remaining: remaining.count,
    windowSeconds: limit.window ?? remaining.window,
    source: source === undefined ? undefined : answer.scrub(source).slice(0, 128),
  };
}

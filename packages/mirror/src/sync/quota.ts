// How far an upstream's pull limit reaches. What Docker Hub says in its headers is kept with the
// upstream, so that a plan can count on it without asking.
import type { UpstreamRecord } from '@portolan/storage';

export interface KnownQuota {
  readonly limit: number;
  readonly remaining: number;
  readonly windowSeconds: number | undefined;
  readonly observedAt: number | undefined;
}

export interface QuotaPlan {
  readonly needed: number;
  readonly now: number;
  readonly remaining: number;
  readonly limit: number;
  /** When the rest can go on (ms); undefined when nothing is left over, or the upstream does not say. */
  readonly restAt: number | undefined;
}

function numberAt(record: Readonly<Record<string, unknown>>, key: string): number | undefined {
  const value = record[key];
  return typeof value === 'number' && Number.isFinite(value) ? value : undefined;
}

/** A window that has passed since leaves the whole limit. */
export function knownQuota(
  upstream: UpstreamRecord | undefined,
  now: number,
): KnownQuota | undefined {
  const record = upstream?.quota;
  if (record === undefined) return undefined;
  const limit = numberAt(record, 'limit');
  const remaining = numberAt(record, 'remaining');
  if (limit === undefined || remaining === undefined) return undefined;
  const windowSeconds = numberAt(record, 'windowSeconds');
  const observedAt = numberAt(record, 'observedAt');
  const isOver =
    windowSeconds !== undefined &&
    observedAt !== undefined &&
    observedAt + windowSeconds * 1000 <= now;
  return { limit, remaining: isOver ? limit : remaining, windowSeconds, observedAt };
}

export function planQuota(needed: number, quota: KnownQuota, now: number): QuotaPlan {
  const { limit, remaining, windowSeconds, observedAt } = quota;
  const atOnce = Math.min(needed, remaining);
  const isEnough = atOnce === needed || windowSeconds === undefined;
  return {
    needed,
    now: atOnce,
    remaining,
    limit,
    restAt: isEnough ? undefined : Math.max(now, (observedAt ?? now) + windowSeconds * 1000),
  };
}

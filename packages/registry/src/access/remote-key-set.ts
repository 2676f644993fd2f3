// The JWK set of a token service, over HTTP. It is fetched again every five minutes, and early when
// a token names a key that is not in it, so that a rotation needs no restart here.
import type { Clock } from '@portolan/storage';
import { RegistryError } from '../registry-error.ts';
import { importKeys, type KeySet, type Keys } from './key-set.ts';

const REFRESH_MS = 5 * 60_000;
/** Forged `kid`s must not make us fetch at the client's pace. */
const UNKNOWN_KID_MS = 10_000;
/** Nothing loaded yet: the token service may be starting beside us. */
const FIRST_LOAD_MS = 1000;
const TIMEOUT_MS = 5000;
const MAX_BYTES = 1024 * 1024;

async function download(url: string, fetch: typeof globalThis.fetch): Promise<Keys> {
  const response = await fetch(url, {
    headers: { accept: 'application/json' },
    redirect: 'error',
    signal: AbortSignal.timeout(TIMEOUT_MS),
  });
  if (!response.ok || response.body === null) throw new Error(`status ${response.status}`);
  const chunks: Uint8Array[] = [];
  let size = 0;
  for await (const chunk of response.body) {
    size += chunk.length;
    if (size > MAX_BYTES) throw new Error('the JWK set is too large');
    chunks.push(chunk);
  }
  return importKeys(JSON.parse(Buffer.concat(chunks).toString('utf8')));
}

export interface RemoteKeySetDeps {
  readonly fetch: typeof globalThis.fetch;
  readonly clock: Clock;
  /** Told of each failed fetch. */
  readonly report: (error: unknown) => void;
}

/** A failed fetch keeps the old keys. */
export function remoteKeySet(url: string, { fetch, clock, report }: RemoteKeySetDeps): KeySet {
  let keys: Keys | undefined;
  let triedAt = Number.NEGATIVE_INFINITY;
  let loading: Promise<void> | undefined;

  async function load(): Promise<void> {
    try {
      keys = await download(url, fetch);
    } catch (error) {
      // The old keys stay in force; without any, `find` says so.
      report(error);
    } finally {
      loading = undefined;
    }
  }

  function refresh(now: number): Promise<void> {
    triedAt = now;
    loading ??= load();
    return loading;
  }

  function waitBeforeRefresh(kid: string): number {
    if (keys === undefined) return FIRST_LOAD_MS;
    return keys.has(kid) ? REFRESH_MS : UNKNOWN_KID_MS;
  }

  return {
    async find(kid) {
      const now = clock();
      if (now - triedAt >= waitBeforeRefresh(kid)) await refresh(now);
      else if (loading !== undefined && keys?.has(kid) !== true) await loading;
      if (keys !== undefined) return keys.get(kid);
      throw new RegistryError('keys-unavailable', 'the signing keys cannot be fetched now');
    },
  };
}

// The keys that tokens are signed with: public halves are rows that every process sees, private ones
// are files. Which key signs now: active-key.ts.
import type { KeyObject } from 'node:crypto';
import { setTimeout as delay } from 'node:timers/promises';
import type { LeaseStore, SigningKey, SigningKeyStore } from '@portolan/storage';
import { authError } from '../errors.ts';
import { activeKeyOf, isPublished } from './active-key.ts';
import { readPrivateKey } from './key-file.ts';
import { addSigningKey, removeRetiredKeys } from './key-rotation.ts';

/** RFC 7517. Whoever reads a key from it takes the algorithm from here too, never from a token. */
export interface PublicJwk {
  readonly kid: string;
  readonly alg: 'ES256';
  readonly use: 'sig';
  readonly [member: string]: unknown;
}

export interface PublicKeySet {
  readonly keys: readonly PublicJwk[];
}

export interface ActiveKey {
  readonly signingKey: SigningKey;
  readonly privateKey: KeyObject;
}

export interface SigningKeys {
  /** The key that signs now. @throws AuthError `signing-key-missing`, `signing-key-exposed` */
  active(): Promise<ActiveKey>;
  /** Every key that tokens may be verified with: the next, the present, and those before it. */
  publicKeySet(): Promise<PublicKeySet>;
}

export interface SigningKeysDeps {
  /** `keys/` in the data directory. */
  readonly directory: string;
  readonly store: SigningKeyStore;
  readonly leases: LeaseStore;
  readonly clock: () => number;
  readonly randomId: () => string;
}

// Far below the lead with which a key is published before it signs.
const RELOAD_MS = 5_000;
const LEASE = 'signing-keys';
const LEASE_MS = 10_000;

export function publicKeySetOf(keys: readonly SigningKey[]): PublicKeySet {
  return {
    keys: keys.map((key) => ({ ...key.publicJwk, kid: key.kid, alg: 'ES256', use: 'sig' })),
  };
}

/** Makes the first key, in one of the processes that start together. */
async function ensureFirstKey(deps: SigningKeysDeps): Promise<void> {
  const holder = deps.randomId();
  while ((await deps.store.list()).length === 0) {
    if (!(await deps.leases.acquire(LEASE, holder, LEASE_MS))) {
      await delay(20);
      continue;
    }
    try {
      if ((await deps.store.list()).length > 0) return;
      const now = deps.clock();
      await addSigningKey(deps, { actor: 'system', activatesAt: now, predecessorsRetireAt: now });
    } finally {
      await deps.leases.release(LEASE, holder);
    }
  }
}

function createReader(deps: SigningKeysDeps) {
  let cached: Promise<readonly SigningKey[]> = Promise.resolve([]);
  let readAt = -Infinity;
  return function list(): Promise<readonly SigningKey[]> {
    const now = deps.clock();
    if (now - readAt >= RELOAD_MS || now < readAt) {
      readAt = now;
      cached = deps.store.list();
      // A failed read is not kept.
      cached.catch(() => {
        readAt = -Infinity;
      });
    }
    return cached;
  };
}

/** Opens the keys, makes the first one, and reads the private half of the one that signs. */
export async function openSigningKeys(deps: SigningKeysDeps): Promise<SigningKeys> {
  await ensureFirstKey(deps);
  await removeRetiredKeys(deps);
  const list = createReader(deps);
  const privateKeys = new Map<string, KeyObject>();

  async function privateKeyOf(kid: string): Promise<KeyObject> {
    const known = privateKeys.get(kid);
    if (known !== undefined) return known;
    const privateKey = await readPrivateKey(deps.directory, kid);
    privateKeys.clear();
    privateKeys.set(kid, privateKey);
    return privateKey;
  }

  const keys: SigningKeys = {
    async active() {
      const signingKey = activeKeyOf(await list(), deps.clock());
      if (signingKey === undefined) {
        throw authError('signing-key-missing', 'no signing key is active', {
          hint: 'run `portolan key rotate --now`',
        });
      }
      return { signingKey, privateKey: await privateKeyOf(signingKey.kid) };
    },
    async publicKeySet() {
      const now = deps.clock();
      return publicKeySetOf((await list()).filter((key) => isPublished(key, now)));
    },
  };
  await keys.active();
  return keys;
}

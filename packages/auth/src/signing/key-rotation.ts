// Making, replacing and forgetting signing keys. A new key is published a while before it signs, so
// that every registry has fetched it, and the old one stays published while its tokens live.
import { generateKeyPairSync } from 'node:crypto';
import type { SigningKey, SigningKeyStore } from '@portolan/storage';
import { calculateJwkThumbprint } from 'jose';
import { removePrivateKey, writePrivateKey } from './key-file.ts';
import { publicJwkOf } from './public-key.ts';

export interface KeyRotationDeps {
  /** `keys/` in the data directory. */
  readonly directory: string;
  readonly store: SigningKeyStore;
  readonly clock: () => number;
}

export interface RotateOptions {
  /** Who, for the audit log. */
  readonly actor: string;
  /** The present key may have leaked: the new one signs at once, and the old ones end. */
  readonly isEmergency?: boolean;
}

interface AddKey {
  readonly actor: string;
  readonly activatesAt: number;
  readonly predecessorsRetireAt: number;
}

/** `/jwks` may be cached for a minute; twice that, and the processes' own reading. */
export const PUBLISH_LEAD_MS = 150_000;
/** The longest life that a token may be given (an hour), and the leeway of those who verify it. */
const OVERLAP_MS = 62 * 60_000;

export async function addSigningKey(
  { directory, store, clock }: KeyRotationDeps,
  { actor, activatesAt, predecessorsRetireAt }: AddKey,
): Promise<SigningKey> {
  const { privateKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' });
  const publicJwk = publicJwkOf(privateKey);
  const kid = await calculateJwkThumbprint(publicJwk);
  // The file before the row: a key without a file would be chosen to sign.
  await writePrivateKey(directory, kid, privateKey);
  const key = { kid, publicJwk, createdAt: clock(), activatesAt, retiresAt: undefined };
  await store.add(key, predecessorsRetireAt, actor);
  return key;
}

/** Adds the next key. Running processes notice within seconds. */
export async function rotateSigningKey(
  deps: KeyRotationDeps,
  { actor, isEmergency = false }: RotateOptions,
): Promise<SigningKey> {
  await removeRetiredKeys(deps);
  const now = deps.clock();
  if (isEmergency) {
    const key = await addSigningKey(deps, { actor, activatesAt: now, predecessorsRetireAt: now });
    await removeRetiredKeys(deps);
    return key;
  }
  const activatesAt = now + PUBLISH_LEAD_MS;
  return addSigningKey(deps, {
    actor,
    activatesAt,
    predecessorsRetireAt: activatesAt + OVERLAP_MS,
  });
}

/** Forgets keys that are published no more, and then their files. */
export async function removeRetiredKeys({
  directory,
  store,
}: Pick<KeyRotationDeps, 'directory' | 'store'>): Promise<void> {
  for (const kid of await store.removeRetired()) await removePrivateKey(directory, kid);
}

// Signing keys as every process and the registry see them: public halves and their times.
import type { Selectable } from 'kysely';
import { recordAudit } from '../audit/record-audit.ts';
import { bumpAccess } from '../database/generations.ts';
import type { Schema } from '../database/schema.ts';
import type { StoreDeps } from '../store-deps.ts';

/** The public half of a signing key; the private half is a 0600 file in `keys/`. */
export interface SigningKey {
  /** RFC 7638 thumbprint. */
  readonly kid: string;
  readonly publicJwk: Readonly<Record<string, unknown>>;
  readonly createdAt: number;
  /** Signs from then on (ms); published before. */
  readonly activatesAt: number;
  /** Published until then (ms); undefined while it has no successor. */
  readonly retiresAt: number | undefined;
}

export interface SigningKeyStore {
  /** By `activatesAt`, oldest first. */
  list(): Promise<readonly SigningKey[]>;
  /** Adds a key; keys before it retire at `predecessorsRetireAt`, or before that. */
  add(key: SigningKey, predecessorsRetireAt: number, actor: string): Promise<void>;
  /** Removes keys whose `retiresAt` has passed; returns their kids. */
  removeRetired(): Promise<readonly string[]>;
}

function toSigningKey(row: Selectable<Schema['signing_key']>): SigningKey {
  return {
    kid: row.kid,
    publicJwk: JSON.parse(row.public_jwk) as Record<string, unknown>,
    createdAt: row.created_at,
    activatesAt: row.activates_at,
    retiresAt: row.retires_at ?? undefined,
  };
}

async function addKey(
  deps: StoreDeps,
  key: SigningKey,
  predecessorsRetireAt: number,
  actor: string,
): Promise<void> {
  await deps.database.write(async (tx) => {
    await tx
      .updateTable('signing_key')
      .set({ retires_at: predecessorsRetireAt })
      // An emergency ends also those that were retiring in peace.
      .where((eb) =>
        eb.or([eb('retires_at', 'is', null), eb('retires_at', '>', predecessorsRetireAt)]),
      )
      .execute();
    await tx
      .insertInto('signing_key')
      .values({
        kid: key.kid,
        public_jwk: JSON.stringify(key.publicJwk),
        created_at: key.createdAt,
        activates_at: key.activatesAt,
        retires_at: key.retiresAt ?? null,
      })
      .execute();
    // Verified tokens are looked at again, now against the keys that are left.
    await bumpAccess(tx);
    const detail = { activatesAt: key.activatesAt, predecessorsRetireAt };
    const at = deps.clock();
    await recordAudit(tx, { at, actor, action: 'key.add', target: key.kid, detail });
  });
}

async function removeRetired(deps: StoreDeps): Promise<readonly string[]> {
  const at = deps.clock();
  const due = await deps.database.read
    .selectFrom('signing_key')
    .select('kid')
    .where('retires_at', '<=', at)
    .executeTakeFirst();
  // Asked for often and nearly always in vain: no write lock for nothing.
  if (due === undefined) return [];
  return await deps.database.write(async (tx) => {
    const removed = await tx
      .deleteFrom('signing_key')
      .where('retires_at', '<=', at)
      .returning('kid')
      .execute();
    for (const { kid } of removed) {
      await recordAudit(tx, { at, actor: 'system', action: 'key.retire', target: kid, detail: {} });
    }
    return removed.map((row) => row.kid);
  });
}

export function createSigningKeyStore(deps: StoreDeps): SigningKeyStore {
  return {
    async list() {
      const rows = await deps.database.read
        .selectFrom('signing_key')
        .selectAll()
        .orderBy('activates_at')
        .orderBy('kid')
        .execute();
      return rows.map(toSigningKey);
    },
    add: (key, predecessorsRetireAt, actor) => addKey(deps, key, predecessorsRetireAt, actor),
    removeRetired: () => removeRetired(deps),
  };
}

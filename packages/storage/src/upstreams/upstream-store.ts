// Other registries that the mirror knows.
import type { Selectable } from 'kysely';
import { recordAudit } from '../audit/record-audit.ts';
import type { Reader, Writer } from '../database/transaction.ts';
import type { Schema } from '../database/schema.ts';
import { storageError } from '../errors.ts';
import type { StoreDeps } from '../store-deps.ts';

/** Without secrets; what the fields mean is the mirror's business. */
export type UpstreamRecordSettings = Readonly<Record<string, unknown>>;

export interface UpstreamRecord {
  readonly id: number;
  /** Canonical, such as `docker.io`. */
  readonly host: string;
  readonly settings: UpstreamRecordSettings;
  readonly hasCredentials: boolean;
  /** What the upstream last said of its pull limit; undefined while it has said nothing. */
  readonly quota: Readonly<Record<string, unknown>> | undefined;
  readonly createdAt: number;
}

export interface UpstreamStore {
  /** Makes the upstream or replaces its settings. */
  set(host: string, settings: UpstreamRecordSettings, actor: string): Promise<UpstreamRecord>;
  find(host: string): Promise<UpstreamRecord | undefined>;
  list(): Promise<readonly UpstreamRecord[]>;
  /** Sealed by the caller (AES-256-GCM); undefined removes them. @throws StorageError `not-found` */
  setCredentials(host: string, sealed: Buffer | undefined, actor: string): Promise<void>;
  sealedCredentials(host: string): Promise<Buffer | undefined>;
  /** Nothing happens when nobody has made the upstream. */
  noteQuota(host: string, quota: Readonly<Record<string, unknown>>): Promise<void>;
  /** @throws StorageError `not-found`, `still-in-use` while rules name it */
  delete(host: string, actor: string): Promise<void>;
}

type Json = Readonly<Record<string, unknown>>;

function toUpstream(row: Selectable<Schema['upstream']>): UpstreamRecord {
  return {
    id: row.id,
    host: row.host,
    settings: JSON.parse(row.settings) as Json,
    hasCredentials: row.sealed_credentials !== null,
    quota: row.quota === null ? undefined : (JSON.parse(row.quota) as Json),
    createdAt: row.created_at,
  };
}

function selectUpstream(db: Reader | Writer, host: string) {
  return db.selectFrom('upstream').selectAll().where('host', '=', host).executeTakeFirst();
}

function unknownUpstream(host: string): Error {
  return storageError('not-found', `there is no upstream '${host}'`, {
    kind: 'upstream',
    name: host,
  });
}

/** The row's id; a new one has no settings of its own. Part of a transaction that names the host. */
export async function ensureUpstream(tx: Writer, host: string, now: number): Promise<number> {
  const known = await selectUpstream(tx, host);
  if (known !== undefined) return known.id;
  const made = await tx
    .insertInto('upstream')
    .values({ host, settings: '{}', sealed_credentials: null, quota: null, created_at: now })
    .returning('id')
    .executeTakeFirstOrThrow();
  return made.id;
}

async function setUpstream(
  { database, clock }: StoreDeps,
  { host, settings }: Pick<UpstreamRecord, 'host' | 'settings'>,
  actor: string,
): Promise<UpstreamRecord> {
  return await database.write(async (tx) => {
    const at = clock();
    const id = await ensureUpstream(tx, host, at);
    const row = await tx
      .updateTable('upstream')
      .set({ settings: JSON.stringify(settings) })
      .where('id', '=', id)
      .returningAll()
      .executeTakeFirstOrThrow();
    const detail = { ...settings };
    await recordAudit(tx, { at, actor, action: 'upstream.set', target: host, detail });
    return toUpstream(row);
  });
}

async function setCredentials(
  { database, clock }: StoreDeps,
  host: string,
  sealed: Buffer | undefined,
  actor: string,
): Promise<void> {
  await database.write(async (tx) => {
    const { numUpdatedRows } = await tx
      .updateTable('upstream')
      .set({ sealed_credentials: sealed ?? null })
      .where('host', '=', host)
      .executeTakeFirst();
    if (numUpdatedRows === 0n) throw unknownUpstream(host);
    const action = sealed === undefined ? 'upstream.drop-credentials' : 'upstream.set-credentials';
    await recordAudit(tx, { at: clock(), actor, action, target: host, detail: {} });
  });
}

async function deleteUpstream(
  { database, clock }: StoreDeps,
  host: string,
  actor: string,
): Promise<void> {
  await database.write(async (tx) => {
    const row = await selectUpstream(tx, host);
    if (row === undefined) throw unknownUpstream(host);
    const { rules } = await tx
      .selectFrom('mirror_rule')
      .select(({ fn }) => fn.countAll<number>().as('rules'))
      .where('upstream_id', '=', row.id)
      .executeTakeFirstOrThrow();
    if (rules > 0) {
      const hint = 'remove its mirror rules first';
      const detail = { kind: 'upstream', name: host, rules, hint };
      throw storageError('still-in-use', `mirror rules copy from '${host}'`, detail);
    }
    await tx.deleteFrom('upstream').where('id', '=', row.id).execute();
    const action = 'upstream.delete';
    await recordAudit(tx, { at: clock(), actor, action, target: host, detail: {} });
  });
}

export function createUpstreamStore(deps: StoreDeps): UpstreamStore {
  const { database } = deps;
  return {
    set: (host, settings, actor) => setUpstream(deps, { host, settings }, actor),
    async find(host) {
      const row = await selectUpstream(database.read, host);
      return row && toUpstream(row);
    },
    async list() {
      const rows = await database.read.selectFrom('upstream').selectAll().orderBy('host').execute();
      return rows.map(toUpstream);
    },
    setCredentials: (host, sealed, actor) => setCredentials(deps, host, sealed, actor),
    sealedCredentials: async (host) =>
      (await selectUpstream(database.read, host))?.sealed_credentials ?? undefined,
    noteQuota: (host, quota) =>
      // The upstream says it again with its next answer.
      database.write(async (tx) => {
        const text = JSON.stringify(quota);
        await tx.updateTable('upstream').set({ quota: text }).where('host', '=', host).execute();
      }, 'soft'),
    delete: (host, actor) => deleteUpstream(deps, host, actor),
  };
}

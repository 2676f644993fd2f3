// Which repositories are mirrored.
import { RepositoryName } from '@portolan/oci';
import { recordAudit } from '../audit/record-audit.ts';
import type { Reader, Writer } from '../database/transaction.ts';
import { storageError } from '../errors.ts';
import { ensureMirrorNamespace } from '../namespaces/mirror-namespace.ts';
import type { StoreDeps } from '../store-deps.ts';
import { ensureUpstream } from '../upstreams/upstream-store.ts';

/** Selection, platforms, schedule and the rest; what the fields mean is the mirror's business. */
export type MirrorRuleSettings = Readonly<Record<string, unknown>>;

export interface MirrorRule {
  readonly id: number;
  /** Host of the upstream. */
  readonly upstream: string;
  /** Repository at the upstream. */
  readonly path: RepositoryName;
  /** Repository here; one rule writes to it and nobody else. */
  readonly destination: RepositoryName;
  readonly settings: MirrorRuleSettings;
  /** When `serve` runs it next (ms); undefined when it has no schedule. */
  readonly nextRunAt: number | undefined;
  readonly createdAt: number;
  readonly updatedAt: number;
}

export interface NewMirrorRule {
  readonly upstream: string;
  readonly path: RepositoryName;
  readonly destination: RepositoryName;
  readonly settings: MirrorRuleSettings;
  readonly nextRunAt: number | undefined;
}

export interface MirrorRuleChanges {
  readonly settings: MirrorRuleSettings;
  readonly nextRunAt: number | undefined;
}

export interface MirrorRuleStore {
  /**
   * The rule, and the destination's namespace as a mirror (is_mirror = 1, sparse indexes allowed, private
   * when it is new). Makes the upstream with empty settings when it is new.
   * @throws StorageError `name-taken` when a rule writes to the destination already, or the namespace
   *   is somebody's own
   */
  create(rule: NewMirrorRule, actor: string): Promise<MirrorRule>;
  /** @throws StorageError `not-found` */
  update(id: number, changes: MirrorRuleChanges, actor: string): Promise<void>;
  findByDestination(destination: RepositoryName): Promise<MirrorRule | undefined>;
  list(): Promise<readonly MirrorRule[]>;
  /** Rules whose `nextRunAt` has come. */
  due(): Promise<readonly MirrorRule[]>;
  setNextRun(id: number, nextRunAt: number | undefined): Promise<void>;
  /** The content stays. @throws StorageError `not-found` */
  delete(id: number, actor: string): Promise<void>;
}

function selectRules(db: Reader | Writer) {
  return db
    .selectFrom('mirror_rule')
    .innerJoin('upstream', 'upstream.id', 'mirror_rule.upstream_id')
    .selectAll('mirror_rule')
    .select('upstream.host');
}

type RuleRow = Awaited<ReturnType<ReturnType<typeof selectRules>['executeTakeFirstOrThrow']>>;

function toRule(row: RuleRow): MirrorRule {
  return {
    id: row.id,
    upstream: row.host,
    path: row.path as RepositoryName,
    destination: row.destination as RepositoryName,
    settings: JSON.parse(row.settings) as MirrorRuleSettings,
    nextRunAt: row.next_run_at ?? undefined,
    createdAt: row.created_at,
    updatedAt: row.updated_at,
  };
}

function unknownRule(id: number): Error {
  return storageError('not-found', 'there is no such mirror rule', { kind: 'mirror rule', id });
}

async function checkDestination(tx: Writer, destination: RepositoryName): Promise<void> {
  const other = await selectRules(tx)
    .where('mirror_rule.destination', '=', destination)
    .executeTakeFirst();
  if (other === undefined) return;
  throw storageError('name-taken', `a rule writes to '${destination}' already`, {
    kind: 'mirror rule',
    name: destination,
    upstream: `${other.host}/${other.path}`,
    hint: 'change that rule, or choose another destination',
  });
}

async function createRule(
  { database, clock }: StoreDeps,
  rule: NewMirrorRule,
  actor: string,
): Promise<MirrorRule> {
  const { upstream, path, destination, settings, nextRunAt } = rule;
  return await database.write(async (tx) => {
    const at = clock();
    await checkDestination(tx, destination);
    await ensureMirrorNamespace(tx, RepositoryName.namespace(destination), { actor, at });
    const row = await tx
      .insertInto('mirror_rule')
      .values({
        upstream_id: await ensureUpstream(tx, upstream, at),
        path,
        destination,
        settings: JSON.stringify(settings),
        next_run_at: nextRunAt ?? null,
        created_at: at,
        updated_at: at,
      })
      .returningAll()
      .executeTakeFirstOrThrow();
    const detail = { upstream, path, settings };
    await recordAudit(tx, { at, actor, action: 'mirror-rule.create', target: destination, detail });
    return toRule({ ...row, host: upstream });
  });
}

async function updateRule(
  { database, clock }: StoreDeps,
  id: number,
  { settings, nextRunAt }: MirrorRuleChanges,
  actor: string,
): Promise<void> {
  await database.write(async (tx) => {
    const at = clock();
    const row = await tx
      .updateTable('mirror_rule')
      .set({
        settings: JSON.stringify(settings),
        next_run_at: nextRunAt ?? null,
        updated_at: at,
      })
      .where('id', '=', id)
      .returning('destination')
      .executeTakeFirst();
    if (row === undefined) throw unknownRule(id);
    const target = row.destination;
    await recordAudit(tx, {
      at,
      actor,
      action: 'mirror-rule.update',
      target,
      detail: { settings },
    });
  });
}

async function deleteRule(
  { database, clock }: StoreDeps,
  id: number,
  actor: string,
): Promise<void> {
  await database.write(async (tx) => {
    // What was seen of its tags and its runs go by foreign key.
    const row = await tx
      .deleteFrom('mirror_rule')
      .where('id', '=', id)
      .returning(['destination', 'path'])
      .executeTakeFirst();
    if (row === undefined) throw unknownRule(id);
    const { destination: target, path } = row;
    const action = 'mirror-rule.delete';
    await recordAudit(tx, { at: clock(), actor, action, target, detail: { path } });
  });
}

export function createMirrorRuleStore(deps: StoreDeps): MirrorRuleStore {
  const { database, clock } = deps;
  return {
    create: (rule, actor) => createRule(deps, rule, actor),
    update: (id, changes, actor) => updateRule(deps, id, changes, actor),
    async findByDestination(destination) {
      const row = await selectRules(database.read)
        .where('mirror_rule.destination', '=', destination)
        .executeTakeFirst();
      return row && toRule(row);
    },
    async list() {
      const rows = await selectRules(database.read).orderBy('mirror_rule.destination').execute();
      return rows.map(toRule);
    },
    async due() {
      const rows = await selectRules(database.read)
        .where('mirror_rule.next_run_at', '<=', clock())
        .orderBy('mirror_rule.next_run_at')
        .execute();
      return rows.map(toRule);
    },
    setNextRun: (id, nextRunAt) =>
      database.write(async (tx) => {
        await tx
          .updateTable('mirror_rule')
          .set({ next_run_at: nextRunAt ?? null })
          .where('id', '=', id)
          .execute();
      }),
    delete: (id, actor) => deleteRule(deps, id, actor),
  };
}

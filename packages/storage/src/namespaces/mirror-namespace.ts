// Namespaces that only the mirror writes to. One becomes a mirror when the first rule or bundle wants
// to write there, and only while it holds nothing of anybody's: what people have pushed is never put
// out of their reach, or under what an upstream says.
import { recordAudit } from '../audit/record-audit.ts';
import type { Reader, Writer } from '../database/transaction.ts';
import { storageError } from '../errors.ts';
import { announceView, insertNamespace } from './insert-namespace.ts';
import { type NamespaceRow, revokeNamespace, selectNamespaces } from './namespace-rows.ts';
import { revokeSubjects } from '../subjects/subject-rows.ts';

interface MirrorChange {
  readonly actor: string;
  readonly at: number;
}

function taken(name: string, message: string): never {
  throw storageError('name-taken', message, {
    kind: 'namespace',
    name,
    hint: 'choose another destination, whose namespace is new, empty or a mirror already',
  });
}

async function holdsRepositories(db: Reader | Writer, namespaceId: number): Promise<boolean> {
  const row = await db
    .selectFrom('repository')
    .select('id')
    .where('namespace_id', '=', namespaceId)
    .limit(1)
    .executeTakeFirst();
  return row !== undefined;
}

async function checkFree(db: Reader | Writer, { id, name, kind }: NamespaceRow): Promise<void> {
  if (kind === 'global') taken(name, 'the global namespace cannot be a mirror');
  if (kind === 'personal') taken(name, `the namespace '${name}' is a user's own`);
  if (await holdsRepositories(db, id)) taken(name, `the namespace '${name}' holds repositories`);
}

/** Tokens of administrators hang on no namespace: one from before could still push. */
async function revokeAdministrators(tx: Writer): Promise<void> {
  const rows = await tx.selectFrom('subject').select('id').where('is_admin', '=', 1).execute();
  await revokeSubjects(
    tx,
    rows.map(({ id }) => id),
  );
}

async function insertMirror(tx: Writer, name: string, at: number): Promise<void> {
  const asMirror = { is_mirror: 1, allows_sparse_indexes: 1 } as const;
  await insertNamespace(tx, { name, kind: 'team', created_at: at, ...asMirror }).execute();
  await announceView(tx, name);
}

/** The namespace as it is; undefined when it is new. @throws StorageError `name-taken` when it can be no mirror */
export async function findForMirror(
  db: Reader | Writer,
  name: string,
): Promise<NamespaceRow | undefined> {
  const known = await selectNamespaces(db).where('namespace.name', '=', name).executeTakeFirst();
  if (known === undefined && name === '') taken(name, 'the global namespace cannot be a mirror');
  if (known !== undefined && known.is_mirror !== 1) await checkFree(db, known);
  return known;
}

/** Part of the transaction that needs the mirror. @throws StorageError `name-taken` */
export async function ensureMirrorNamespace(
  tx: Writer,
  name: string,
  { actor, at }: MirrorChange,
): Promise<void> {
  const known = await findForMirror(tx, name);
  if (known?.is_mirror === 1) return;
  if (known === undefined) await insertMirror(tx, name, at);
  else {
    await tx
      .updateTable('namespace')
      .set({ is_mirror: 1, allows_sparse_indexes: 1 })
      .where('id', '=', known.id)
      .execute();
    await revokeNamespace(tx, known.id);
  }
  await revokeAdministrators(tx);
  const action = known === undefined ? 'namespace.create' : 'namespace.set';
  await recordAudit(tx, { at, actor, action, target: name, detail: { isMirror: true } });
}

/** How many rules write to repositories of the namespace. */
export async function countRulesInto(tx: Writer, namespace: string): Promise<number> {
  const row = await tx
    .selectFrom('mirror_rule')
    .select(({ fn }) => fn.countAll<number>().as('count'))
    .where('destination', '>=', `${namespace}/`)
    // The character after '/' in ASCII order.
    .where('destination', '<', `${namespace}0`)
    .executeTakeFirstOrThrow();
  return row.count;
}

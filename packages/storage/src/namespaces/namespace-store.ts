// Namespaces: the first path part of repository names, and what rights on those hang on (reference:
// authorization §1.1).
import type { Namespace, NamespaceAccess, NewNamespace, NamespaceSettings } from './namespace.ts';
import { recordAudit } from '../audit/record-audit.ts';
import { storageError } from '../errors.ts';
import type { StoreDeps } from '../store-deps.ts';
import { getTeam } from '../teams/team-rows.ts';
import { deleteNamespace } from './delete-namespace.ts';
import { ensureMirrorNamespace, findForMirror } from './mirror-namespace.ts';
import { announceView, insertNamespace } from './insert-namespace.ts';
import { getNamespace, selectNamespaces, toNamespace } from './namespace-rows.ts';
import { setNamespace } from './set-namespace.ts';

export interface NamespaceStore {
  /** Private unless said otherwise. @throws StorageError `name-taken`, `not-found` (the team) */
  create(namespace: NewNamespace, actor: string): Promise<Namespace>;
  /**
   * The namespace as a mirror: a new one, private and with sparse indexes allowed, or one that is empty
   * or a mirror already. @throws StorageError `name-taken` when it is somebody's own
   */
  ensureMirror(name: string, actor: string): Promise<Namespace>;
  /** Throws what `ensureMirror` would, and changes nothing. */
  checkMirror(name: string): Promise<void>;
  find(name: string): Promise<Namespace | undefined>;
  list(): Promise<readonly Namespace[]>;
  /** Undefined when there is no such namespace. `subjectId` undefined is anonymous. */
  accessOf(subjectId: number | undefined, name: string): Promise<NamespaceAccess | undefined>;
  /** Namespaces on which the subject has a role or that are its own: the part of the catalog filter. */
  idsOf(subjectId: number): Promise<readonly number[]>;
  /**
   * A narrower visibility or another team ends the access of tokens already issued for it.
   * @throws StorageError `not-found` (the namespace or the team), `still-in-use` when the global
   *   one or a user's own would get a team, or a mirror with rules would be one no more
   */
  set(name: string, settings: NamespaceSettings, actor: string): Promise<void>;
  /**
   * @throws StorageError `not-found`, `still-in-use` while it holds repositories and `withContent`
   *   is false, when mirror rules write to it, or when it is the global one or a user's own
   */
  delete(name: string, withContent: boolean, actor: string): Promise<void>;
}

async function createNamespace(
  deps: StoreDeps,
  { name, team: teamName, visibility = 'private' }: NewNamespace,
  actor: string,
): Promise<Namespace> {
  const now = deps.clock();
  return await deps.database.write(async (tx) => {
    const team = teamName === undefined ? undefined : await getTeam(tx, teamName);
    const owner = { team_id: team?.id ?? null };
    const row = await insertNamespace(tx, {
      name,
      kind: 'team',
      created_at: now,
      visibility,
      ...owner,
    })
      .onConflict((conflict) => conflict.column('name').doNothing())
      .returningAll()
      .executeTakeFirst();
    if (row === undefined) {
      throw storageError('name-taken', `there is a namespace '${name}' already`, {
        kind: 'namespace',
        name,
        hint: 'choose another name, or change the one that is there',
      });
    }
    await announceView(tx, name);
    const detail = { visibility, ...(team === undefined ? {} : { team: team.name }) };
    await recordAudit(tx, { at: now, actor, action: 'namespace.create', target: name, detail });
    return toNamespace({ ...row, team_name: team?.name ?? null, subject_name: null });
  });
}

async function accessOf(
  { database }: StoreDeps,
  subjectId: number | undefined,
  name: string,
): Promise<NamespaceAccess | undefined> {
  // No subject has the id 0: anonymous is a member of nothing.
  const row = await selectNamespaces(database.read)
    .leftJoin('member', (join) =>
      join
        .onRef('member.team_id', '=', 'namespace.team_id')
        .on('member.subject_id', '=', subjectId ?? 0),
    )
    .select('member.role')
    .where('namespace.name', '=', name)
    .executeTakeFirst();
  if (row === undefined) return undefined;
  return {
    namespace: toNamespace(row),
    role: row.role ?? undefined,
    isOwn: subjectId !== undefined && row.subject_id === subjectId,
  };
}

async function idsOf({ database }: StoreDeps, subjectId: number): Promise<readonly number[]> {
  const rows = await database.read
    .selectFrom('namespace')
    .innerJoin('member', 'member.team_id', 'namespace.team_id')
    .select('namespace.id')
    .where('member.subject_id', '=', subjectId)
    .union(
      database.read
        .selectFrom('namespace')
        .select('namespace.id')
        .where('namespace.subject_id', '=', subjectId),
    )
    .orderBy('id')
    .execute();
  return rows.map((row) => row.id);
}

export function createNamespaceStore(deps: StoreDeps): NamespaceStore {
  return {
    create: (namespace, actor) => createNamespace(deps, namespace, actor),
    ensureMirror: (name, actor) =>
      deps.database.write(async (tx) => {
        await ensureMirrorNamespace(tx, name, { actor, at: deps.clock() });
        return toNamespace(await getNamespace(tx, name));
      }),
    async checkMirror(name) {
      await findForMirror(deps.database.read, name);
    },
    async find(name) {
      const query = selectNamespaces(deps.database.read).where('namespace.name', '=', name);
      const row = await query.executeTakeFirst();
      return row === undefined ? undefined : toNamespace(row);
    },
    async list() {
      const rows = await selectNamespaces(deps.database.read).orderBy('namespace.name').execute();
      return rows.map(toNamespace);
    },
    accessOf: (subjectId, name) => accessOf(deps, subjectId, name),
    idsOf: (subjectId) => idsOf(deps, subjectId),
    set: (name, settings, actor) => setNamespace(deps, name, settings, actor),
    delete: (name, withContent, actor) => deleteNamespace(deps, name, withContent, actor),
  };
}

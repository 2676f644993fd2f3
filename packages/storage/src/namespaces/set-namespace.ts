// Settings of a namespace. What narrows a right ends tokens; what widens one shows in the next token.
import type { Visibility } from '@portolan/oci';
import { recordAudit } from '../audit/record-audit.ts';
import type { Writer } from '../database/transaction.ts';
import { storageError } from '../errors.ts';
import type { StoreDeps } from '../store-deps.ts';
import { revokeSubjects } from '../subjects/subject-rows.ts';
import { getTeam, memberIds } from '../teams/team-rows.ts';
import { countRulesInto } from './mirror-namespace.ts';
import { getNamespace, type NamespaceRow, revokeNamespace } from './namespace-rows.ts';
import type { NamespaceSettings } from './namespace.ts';

const OPENNESS: Readonly<Record<Visibility, number>> = { private: 0, protected: 1, public: 2 };

async function setVisibility(
  tx: Writer,
  namespace: NamespaceRow,
  visibility: Visibility,
): Promise<void> {
  await tx.updateTable('namespace').set({ visibility }).where('id', '=', namespace.id).execute();
  if (OPENNESS[visibility] < OPENNESS[namespace.visibility]) {
    await revokeNamespace(tx, namespace.id);
  }
}

async function setTeam(tx: Writer, namespace: NamespaceRow, name: string): Promise<void> {
  const team = await getTeam(tx, name);
  if (team.id === namespace.team_id) return;
  // A personal namespace whose user is gone may go to a team.
  if (namespace.kind === 'global' || namespace.subject_id !== null) {
    throw storageError('still-in-use', `this ${namespace.kind} namespace cannot go to a team`, {
      kind: 'namespace',
      name: namespace.name,
      hint: 'create a namespace of another name for the team',
    });
  }
  await tx
    .updateTable('namespace')
    .set({ team_id: team.id, kind: 'team' })
    .where('id', '=', namespace.id)
    .execute();
  if (namespace.team_id === null) return;
  await revokeNamespace(tx, namespace.id);
  // The catalog filter in their tokens names the namespace by its id.
  await revokeSubjects(tx, await memberIds(tx, namespace.team_id));
}

/** What is there stays as it is, and may be pushed over from now on. */
async function endMirror(tx: Writer, { id, name }: NamespaceRow): Promise<void> {
  const rules = await countRulesInto(tx, name);
  if (rules > 0) {
    const hint = 'remove those rules first';
    const detail = { kind: 'namespace', name, rules, hint };
    throw storageError('still-in-use', `mirror rules write to the namespace '${name}'`, detail);
  }
  await tx.updateTable('namespace').set({ is_mirror: 0 }).where('id', '=', id).execute();
}

export async function setNamespace(
  deps: StoreDeps,
  name: string,
  settings: NamespaceSettings,
  actor: string,
): Promise<void> {
  const { visibility, team, allowsSparseIndexes, isMirror } = settings;
  await deps.database.write(async (tx) => {
    const namespace = await getNamespace(tx, name);
    if (visibility !== undefined) await setVisibility(tx, namespace, visibility);
    if (team !== undefined) await setTeam(tx, namespace, team);
    if (isMirror === false) await endMirror(tx, namespace);
    if (allowsSparseIndexes !== undefined) {
      await tx
        .updateTable('namespace')
        .set({ allows_sparse_indexes: allowsSparseIndexes ? 1 : 0 })
        .where('id', '=', namespace.id)
        .execute();
    }
    await recordAudit(tx, {
      at: deps.clock(),
      actor,
      action: 'namespace.set',
      target: name,
      detail: { ...settings },
    });
  });
}

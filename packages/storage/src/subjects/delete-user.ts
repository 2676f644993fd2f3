// Removing a user. What the user owned stays: a personal namespace that holds repositories is kept
// for administrators, private, and no team loses its last owner.
import { sql } from 'kysely';
import { recordAudit } from '../audit/record-audit.ts';
import type { Writer } from '../database/transaction.ts';
import { storageError } from '../errors.ts';
import type { StoreDeps } from '../store-deps.ts';
import { refuseLastAdministrator } from './last-administrator.ts';
import { getUser, revokeSubjects } from './subject-rows.ts';
import type { Subject } from './subject.ts';

async function refuseLastOwner(tx: Writer, user: Subject): Promise<void> {
  const rows = await tx
    .selectFrom('member as own')
    .innerJoin('team', 'team.id', 'own.team_id')
    .select('team.name')
    .where('own.subject_id', '=', user.id)
    .where('own.role', '=', 'owner')
    .where((eb) =>
      eb.not(
        eb.exists(
          eb
            .selectFrom('member as other')
            .select('other.subject_id')
            .whereRef('other.team_id', '=', 'own.team_id')
            .where('other.role', '=', 'owner')
            .where('other.subject_id', '!=', user.id),
        ),
      ),
    )
    .orderBy('team.name')
    .execute();
  if (rows.length === 0) return;
  throw storageError('last-owner', `'${user.name}' is the only owner of a team`, {
    user: user.name,
    teams: rows.map((row) => row.name),
    hint: 'give each of the teams another owner, or delete it, first',
  });
}

/** Returns whether the personal namespace stays. */
async function releaseNamespace(tx: Writer, user: Subject): Promise<boolean> {
  const own = await tx
    .selectFrom('namespace')
    .leftJoin('repository', 'repository.namespace_id', 'namespace.id')
    .select(['namespace.id', 'repository.id as repository'])
    .where('namespace.subject_id', '=', user.id)
    .executeTakeFirst();
  if (own === undefined) return false;
  if (own.repository === null) {
    await tx.deleteFrom('namespace').where('id', '=', own.id).execute();
    return false;
  }
  // It may have been public: tokens of others end too.
  await tx
    .updateTable('namespace')
    .set({ subject_id: null, visibility: 'private', generation: sql`generation + 1` })
    .where('id', '=', own.id)
    .execute();
  return true;
}

export async function deleteUser(deps: StoreDeps, name: string, actor: string): Promise<void> {
  await deps.database.write(async (tx) => {
    const user = await getUser(tx, name);
    await refuseLastAdministrator(tx, user);
    await refuseLastOwner(tx, user);
    const keepsNamespace = await releaseNamespace(tx, user);
    // Credentials and memberships go by foreign key.
    await tx.deleteFrom('subject').where('id', '=', user.id).execute();
    await revokeSubjects(tx, []);
    const detail = { keepsNamespace };
    await recordAudit(tx, {
      at: deps.clock(),
      actor,
      action: 'user.delete',
      target: name,
      detail,
    });
  });
}

// Members and their roles. A team that has an owner never loses the last one: decided in the
// transaction, so that two owners who remove each other cannot both succeed.
import { recordAudit } from '../audit/record-audit.ts';
import type { Writer } from '../database/transaction.ts';
import { storageError } from '../errors.ts';
import type { StoreDeps } from '../store-deps.ts';
import { getUser, revokeSubjects } from '../subjects/subject-rows.ts';
import { getTeam } from './team-rows.ts';
import type { Role, Team } from './team.ts';

async function roleOf(tx: Writer, teamId: number, subjectId: number): Promise<Role | undefined> {
  const row = await tx
    .selectFrom('member')
    .select('role')
    .where('team_id', '=', teamId)
    .where('subject_id', '=', subjectId)
    .executeTakeFirst();
  return row?.role;
}

async function refuseLastOwner(tx: Writer, team: Team, subjectId: number): Promise<void> {
  const other = await tx
    .selectFrom('member')
    .select('subject_id')
    .where('team_id', '=', team.id)
    .where('role', '=', 'owner')
    .where('subject_id', '!=', subjectId)
    .executeTakeFirst();
  if (other !== undefined) return;
  throw storageError('last-owner', `the team '${team.name}' would have no owner`, {
    team: team.name,
    hint: 'make another member an owner first',
  });
}

export interface MemberChange {
  readonly team: string;
  readonly subject: string;
  readonly role: Role;
}

export async function setMember(
  deps: StoreDeps,
  change: MemberChange,
  actor: string,
): Promise<void> {
  await deps.database.write(async (tx) => {
    const team = await getTeam(tx, change.team);
    const user = await getUser(tx, change.subject);
    const { role } = change;
    const before = await roleOf(tx, team.id, user.id);
    if (before === role) return;
    if (before === 'owner') await refuseLastOwner(tx, team, user.id);
    await tx
      .insertInto('member')
      .values({ team_id: team.id, subject_id: user.id, role })
      .onConflict((conflict) => conflict.columns(['team_id', 'subject_id']).doUpdateSet({ role }))
      .execute();
    // A new member only gains.
    if (before !== undefined) await revokeSubjects(tx, [user.id]);
    const action = before === undefined ? 'team.add-member' : 'team.change-role';
    const detail = { subject: user.name, role, ...(before === undefined ? {} : { before }) };
    await recordAudit(tx, { at: deps.clock(), actor, action, target: team.name, detail });
  });
}

export async function removeMember(
  deps: StoreDeps,
  change: { readonly team: string; readonly subject: string },
  actor: string,
): Promise<void> {
  await deps.database.write(async (tx) => {
    const team = await getTeam(tx, change.team);
    const user = await getUser(tx, change.subject);
    const before = await roleOf(tx, team.id, user.id);
    if (before === undefined) {
      throw storageError('not-found', `'${user.name}' is not a member of '${team.name}'`, {
        kind: 'member',
        team: team.name,
        name: user.name,
      });
    }
    if (before === 'owner') await refuseLastOwner(tx, team, user.id);
    await tx
      .deleteFrom('member')
      .where('team_id', '=', team.id)
      .where('subject_id', '=', user.id)
      .execute();
    await revokeSubjects(tx, [user.id]);
    const detail = { subject: user.name, before };
    const action = 'team.remove-member';
    await recordAudit(tx, { at: deps.clock(), actor, action, target: team.name, detail });
  });
}

// Teams own namespaces; a member's role in the team is the right on them (reference: authorization §1.1).
import type { Role, Team, Member, Membership, NewTeam } from './team.ts';
import { recordAudit } from '../audit/record-audit.ts';
import { storageError } from '../errors.ts';
import type { StoreDeps } from '../store-deps.ts';
import { getUser, revokeSubjects } from '../subjects/subject-rows.ts';
import { removeMember, setMember } from './members.ts';
import { getTeam, memberIds, toTeam } from './team-rows.ts';

export interface TeamStore {
  /** @throws StorageError `name-taken`, `not-found` (the owner) */
  create(team: NewTeam, actor: string): Promise<Team>;
  find(name: string): Promise<Team | undefined>;
  list(): Promise<readonly Team[]>;
  members(name: string): Promise<readonly Member[]>;
  /** The teams of one subject. */
  membershipsOf(subject: string): Promise<readonly Membership[]>;
  /** @throws StorageError `not-found` */
  setDescription(name: string, description: string, actor: string): Promise<void>;
  /** Adds a member or changes the role. @throws StorageError `not-found`, `last-owner` */
  setMember(team: string, subject: string, role: Role, actor: string): Promise<void>;
  /** Ends the access of the member's tokens. @throws StorageError `not-found`, `last-owner` */
  removeMember(team: string, subject: string, actor: string): Promise<void>;
  /** @throws StorageError `not-found`, `still-in-use` while it owns namespaces */
  delete(name: string, actor: string): Promise<void>;
}

async function createTeam(deps: StoreDeps, team: NewTeam, actor: string): Promise<Team> {
  const { name, description } = team;
  const now = deps.clock();
  return await deps.database.write(async (tx) => {
    const owner = team.owner === undefined ? undefined : await getUser(tx, team.owner);
    const row = await tx
      .insertInto('team')
      .values({ name, description, created_at: now })
      .onConflict((conflict) => conflict.column('name').doNothing())
      .returningAll()
      .executeTakeFirst();
    if (row === undefined) {
      const detail = { kind: 'team', name, hint: 'choose another name' };
      throw storageError('name-taken', `there is a team '${name}' already`, detail);
    }
    if (owner !== undefined) {
      await tx
        .insertInto('member')
        .values({ team_id: row.id, subject_id: owner.id, role: 'owner' })
        .execute();
    }
    const detail = { description, ...(owner === undefined ? {} : { owner: owner.name }) };
    await recordAudit(tx, { at: now, actor, action: 'team.create', target: name, detail });
    return toTeam(row);
  });
}

async function setDescription(
  deps: StoreDeps,
  name: string,
  description: string,
  actor: string,
): Promise<void> {
  await deps.database.write(async (tx) => {
    const team = await getTeam(tx, name);
    await tx.updateTable('team').set({ description }).where('id', '=', team.id).execute();
    const detail = { description };
    const action = 'team.set-description';
    await recordAudit(tx, { at: deps.clock(), actor, action, target: name, detail });
  });
}

async function deleteTeam(deps: StoreDeps, name: string, actor: string): Promise<void> {
  await deps.database.write(async (tx) => {
    const team = await getTeam(tx, name);
    const namespaces = await tx
      .selectFrom('namespace')
      .select('name')
      .where('team_id', '=', team.id)
      .orderBy('name')
      .execute();
    if (namespaces.length > 0) {
      throw storageError('still-in-use', `the team '${name}' owns namespaces`, {
        kind: 'team',
        namespaces: namespaces.map((namespace) => namespace.name),
        hint: 'give them to another team, or delete them, first',
      });
    }
    const members = await memberIds(tx, team.id);
    await tx.deleteFrom('team').where('id', '=', team.id).execute();
    await revokeSubjects(tx, members);
    await recordAudit(tx, {
      at: deps.clock(),
      actor,
      action: 'team.delete',
      target: name,
      detail: {},
    });
  });
}

function readMembers({ database }: StoreDeps, name: string): Promise<readonly Member[]> {
  return database.read
    .selectFrom('member')
    .innerJoin('team', 'team.id', 'member.team_id')
    .innerJoin('subject', 'subject.id', 'member.subject_id')
    .select(['subject.name as subject', 'member.role'])
    .where('team.name', '=', name)
    .orderBy('subject.name')
    .execute();
}

function readMemberships({ database }: StoreDeps, name: string): Promise<readonly Membership[]> {
  return database.read
    .selectFrom('member')
    .innerJoin('team', 'team.id', 'member.team_id')
    .innerJoin('subject', 'subject.id', 'member.subject_id')
    .select(['team.name as team', 'member.role'])
    .where('subject.name', '=', name)
    .orderBy('team.name')
    .execute();
}

export function createTeamStore(deps: StoreDeps): TeamStore {
  const { read } = deps.database;
  return {
    create: (team, actor) => createTeam(deps, team, actor),
    async find(name) {
      const query = read.selectFrom('team').selectAll().where('name', '=', name);
      const row = await query.executeTakeFirst();
      return row === undefined ? undefined : toTeam(row);
    },
    async list() {
      const rows = await read.selectFrom('team').selectAll().orderBy('name').execute();
      return rows.map(toTeam);
    },
    members: (name) => readMembers(deps, name),
    membershipsOf: (subject) => readMemberships(deps, subject),
    setDescription: (name, description, actor) => setDescription(deps, name, description, actor),
    setMember: (team, subject, role, actor) => setMember(deps, { team, subject, role }, actor),
    removeMember: (team, subject, actor) => removeMember(deps, { team, subject }, actor),
    delete: (name, actor) => deleteTeam(deps, name, actor),
  };
}

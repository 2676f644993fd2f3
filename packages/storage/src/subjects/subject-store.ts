// Subjects: whoever can authenticate; users so far. Every change is one durable transaction with its
// audit entry, and ends the access of tokens that were issued before it.
import type { Subject, NewUser } from './subject.ts';
import { recordAudit } from '../audit/record-audit.ts';
import { deleteRefreshTokens } from '../credentials/delete-refresh-tokens.ts';
import type { StoreDeps } from '../store-deps.ts';
import { createUser } from './create-user.ts';
import { deleteUser } from './delete-user.ts';
import { refuseLastAdministrator } from './last-administrator.ts';
import { getUser, revokeSubjects, toSubject } from './subject-rows.ts';

export interface SubjectStore {
  /**
   * The user, the password and the private personal namespace of the same name.
   * @throws StorageError `name-taken` (detail.kind: 'user' or 'namespace')
   */
  createUser(user: NewUser, actor: string): Promise<Subject>;
  find(name: string): Promise<Subject | undefined>;
  findById(id: number): Promise<Subject | undefined>;
  list(): Promise<readonly Subject[]>;
  /** Ends the access of tokens already issued. @throws StorageError `not-found`, `last-administrator` */
  setDisabled(name: string, isDisabled: boolean, actor: string): Promise<void>;
  /** @throws StorageError `not-found`, `last-administrator` */
  setAdmin(name: string, isAdmin: boolean, actor: string): Promise<void>;
  /**
   * Removes the user with credentials and memberships. The personal namespace goes too when it is
   * empty; otherwise it stays, private, for administrators.
   * @throws StorageError `not-found`, `last-administrator`, `last-owner`
   */
  delete(name: string, actor: string): Promise<void>;
}

/** A change that changes nothing leaves tokens, and the audit log, alone. */
async function setDisabled(
  deps: StoreDeps,
  name: string,
  isDisabled: boolean,
  actor: string,
): Promise<void> {
  await deps.database.write(async (tx) => {
    const user = await getUser(tx, name);
    if (user.isDisabled === isDisabled) return;
    if (isDisabled) {
      await refuseLastAdministrator(tx, user);
      // Or they would come back to life with the user.
      await deleteRefreshTokens(tx, user.id);
    }
    await tx
      .updateTable('subject')
      .set({ is_disabled: isDisabled ? 1 : 0 })
      .where('id', '=', user.id)
      .execute();
    await revokeSubjects(tx, [user.id]);
    const action = isDisabled ? 'user.disable' : 'user.enable';
    await recordAudit(tx, { at: deps.clock(), actor, action, target: name, detail: {} });
  });
}

async function setAdmin(
  deps: StoreDeps,
  name: string,
  isAdmin: boolean,
  actor: string,
): Promise<void> {
  await deps.database.write(async (tx) => {
    const user = await getUser(tx, name);
    if (user.isAdmin === isAdmin) return;
    if (!isAdmin) await refuseLastAdministrator(tx, user);
    await tx
      .updateTable('subject')
      .set({ is_admin: isAdmin ? 1 : 0 })
      .where('id', '=', user.id)
      .execute();
    await revokeSubjects(tx, [user.id]);
    const action = isAdmin ? 'user.set-admin' : 'user.unset-admin';
    await recordAudit(tx, { at: deps.clock(), actor, action, target: name, detail: {} });
  });
}

export function createSubjectStore(deps: StoreDeps): SubjectStore {
  const { read } = deps.database;
  return {
    createUser: (user, actor) => createUser(deps, user, actor),
    async find(name) {
      const query = read.selectFrom('subject').selectAll().where('name', '=', name);
      const row = await query.executeTakeFirst();
      return row === undefined ? undefined : toSubject(row);
    },
    async findById(id) {
      const query = read.selectFrom('subject').selectAll().where('id', '=', id);
      const row = await query.executeTakeFirst();
      return row === undefined ? undefined : toSubject(row);
    },
    async list() {
      const rows = await read.selectFrom('subject').selectAll().orderBy('name').execute();
      return rows.map(toSubject);
    },
    setDisabled: (name, isDisabled, actor) => setDisabled(deps, name, isDisabled, actor),
    setAdmin: (name, isAdmin, actor) => setAdmin(deps, name, isAdmin, actor),
    delete: (name, actor) => deleteUser(deps, name, actor),
  };
}

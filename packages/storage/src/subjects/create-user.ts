// A new user: the subject, the password and the private personal namespace, in one transaction.
import { recordAudit } from '../audit/record-audit.ts';
import { insertPassword } from '../credentials/insert-password.ts';
import type { Writer } from '../database/transaction.ts';
import { storageError } from '../errors.ts';
import { announceView, insertNamespace } from '../namespaces/insert-namespace.ts';
import type { StoreDeps } from '../store-deps.ts';
import { toSubject } from './subject-rows.ts';
import type { NewUser, Subject } from './subject.ts';

async function refuseTaken(tx: Writer, name: string): Promise<void> {
  for (const kind of ['subject', 'namespace'] as const) {
    const row = await tx.selectFrom(kind).select('id').where('name', '=', name).executeTakeFirst();
    if (row === undefined) continue;
    const taken = kind === 'subject' ? 'user' : 'namespace';
    throw storageError('name-taken', `there is a ${taken} '${name}' already`, {
      kind: taken,
      name,
      hint:
        taken === 'user'
          ? 'choose another name'
          : "a user's personal namespace has the user's name: choose another, or delete the namespace",
    });
  }
}

export async function createUser(deps: StoreDeps, user: NewUser, actor: string): Promise<Subject> {
  const now = deps.clock();
  return await deps.database.write(async (tx) => {
    await refuseTaken(tx, user.name);
    const row = await tx
      .insertInto('subject')
      .values({
        kind: 'user',
        name: user.name,
        is_admin: user.isAdmin ? 1 : 0,
        is_disabled: 0,
        generation: 0,
        created_at: now,
      })
      .returningAll()
      .executeTakeFirstOrThrow();
    await insertPassword(tx, row.id, user.passwordHash, now);
    const owner = { subject_id: row.id };
    await insertNamespace(tx, {
      name: user.name,
      kind: 'personal',
      created_at: now,
      ...owner,
    }).execute();
    await announceView(tx, user.name);
    const detail = { isAdmin: user.isAdmin };
    await recordAudit(tx, { at: now, actor, action: 'user.create', target: user.name, detail });
    return toSubject(row);
  });
}

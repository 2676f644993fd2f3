// The audit log: who changed which right or removed which content, and when. Append-only.
import type { Writer } from '../database/transaction.ts';

export interface AuditEntry {
  readonly at: number;
  /** Name of the subject, or `cli:<user>` for the command line. */
  readonly actor: string;
  /** Noun and verb, such as `user.disable`. */
  readonly action: string;
  readonly target: string;
  readonly detail: Readonly<Record<string, unknown>>;
}

/** Part of the transaction that it records, so that neither is without the other. */
export async function recordAudit(tx: Writer, entry: AuditEntry): Promise<void> {
  await tx
    .insertInto('audit')
    .values({ ...entry, detail: JSON.stringify(entry.detail) })
    .execute();
}

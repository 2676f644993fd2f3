// What queries run on.
import type { Kysely, Transaction } from 'kysely';
import type { Schema } from './schema.ts';

/** Inside a transaction that may write. */
export type Writer = Transaction<Schema>;

/** For single statements that only read; a Writer is one, too. */
export type Reader = Kysely<Schema>;

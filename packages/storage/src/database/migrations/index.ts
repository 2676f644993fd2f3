// Every migration, in order. Listed by hand, so that nothing is scanned at run time.
import type { Migration } from 'kysely/migration';
import * as initial from './0001-initial.ts';
import * as mirror from './0002-mirror.ts';

export const MIGRATIONS: Readonly<Record<string, Migration>> = {
  '0001-initial': initial,
  '0002-mirror': mirror,
};

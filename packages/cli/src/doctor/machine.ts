// The machine that the server runs on, as far as this user may look: its settings, and its data directory,
// which is never made, changed or migrated here.
import { inspectDatabase, type DatabaseInspection, type Storage } from '@portolan/storage';
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import type { CommandContext } from '../commands/context.ts';
import { type PublicNames, settlePublicNames } from '../config/public-names.ts';
import { loadServeSettings, type ServeRole, type ServeSettings } from '../config/serve-settings.ts';
import { SettingsError } from '../config/settings-problem.ts';

export interface Machine {
  readonly settings: ServeSettings;
  readonly names: PublicNames;
  readonly directory: string;
  readonly clock: () => number;
  readonly randomId: () => string;
  /** Of the database file; undefined where there is none yet. */
  readonly database: DatabaseInspection | undefined;
}

export interface OpenMachine extends Machine {
  readonly storage: Storage;
}

const ROLES: readonly ServeRole[] = ['all', 'registry', 'auth'];

/** A half has settings that the whole refuses. @throws SettingsError of the whole */
export function loadSettings(sources: CommandContext['sources']): ServeSettings {
  let first: unknown;
  for (const role of ROLES) {
    try {
      return loadServeSettings(role, sources).settings;
    } catch (error) {
      if (!(error instanceof SettingsError)) throw error;
      first ??= error;
    }
  }
  throw first;
}

/** @throws SettingsError; the system's error when the database may not be read */
export function lookAtMachine({ sources, clock, randomId }: CommandContext): Machine {
  const settings = loadSettings(sources);
  const { directory } = settings.storage;
  const file = join(directory, 'portolan.db');
  const database = existsSync(file) ? inspectDatabase(file) : undefined;
  const names = settlePublicNames(settings, settings.listen);
  return { settings, names, directory, clock, randomId, database };
}

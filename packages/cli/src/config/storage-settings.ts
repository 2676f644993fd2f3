// Where the data lies and how long things hold in it: what the server and every command need.
import { resolve } from 'node:path';
import type { Clock, ObserveStorage, RandomId, StorageOptions } from '@portolan/storage';
import type { SettingsSources } from './given-settings.ts';
import type { SettingValues } from './setting-table.ts';
import { settled } from './judged-settings.ts';
import { loadSettingValues } from './setting-values.ts';

export interface StorageSettings {
  readonly directory: string;
  readonly diskFloorBytes: number;
  readonly leaseMs: number;
  readonly uploadIdleMs: number;
  readonly collectEveryMs: number;
}

const ORPHAN_FILE_MS = 86_400_000;

export function toStorageSettings(values: SettingValues): StorageSettings {
  return {
    directory: resolve(settled(values, 'data_dir')),
    diskFloorBytes: settled(values, 'storage.disk_floor'),
    leaseMs: settled(values, 'storage.lease_seconds') * 1000,
    uploadIdleMs: settled(values, 'storage.upload_idle_seconds') * 1000,
    collectEveryMs: settled(values, 'storage.collect_every_seconds') * 1000,
  };
}

/** For a command that works on the data directory alone. @throws SettingsError */
export function loadStorageSettings(sources: SettingsSources): StorageSettings {
  return toStorageSettings(loadSettingValues(sources));
}

export interface StorageSurroundings {
  readonly clock: Clock;
  readonly randomId: RandomId;
  readonly observe?: ObserveStorage | undefined;
}

export function storageOptions(
  settings: StorageSettings,
  { clock, randomId, observe }: StorageSurroundings,
): StorageOptions {
  const { directory, diskFloorBytes, leaseMs, uploadIdleMs } = settings;
  const times = { leaseMs, uploadIdleMs, orphanFileMs: ORPHAN_FILE_MS };
  const options = { directory, diskFloorBytes, clock, randomId, times };
  return observe === undefined ? options : { ...options, observe };
}

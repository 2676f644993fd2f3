// Where the mirror may connect to.
import type { EgressPolicy } from '@portolan/mirror';
import type { SettingsSources } from './given-settings.ts';
import { settled } from './judged-settings.ts';
import type { SettingValues } from './setting-table.ts';
import { loadSettingValues } from './setting-values.ts';

export function toEgressPolicy(values: SettingValues): EgressPolicy {
  return { allowedNetworks: settled(values, 'mirror.allowed_networks') };
}

/** For a command that talks to other registries. @throws SettingsError */
export function loadEgressPolicy(sources: SettingsSources): EgressPolicy {
  return toEgressPolicy(loadSettingValues(sources));
}

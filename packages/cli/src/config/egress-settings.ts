// Where the mirror may connect to.
import type { EgressPolicy } from '@portolan/mirror';
import { collectGiven, type SettingsSources } from './given-settings.ts';
import { judgeSettings, settled } from './judged-settings.ts';
import type { SettingValues } from './setting-table.ts';
import { SettingsError } from './settings-problem.ts';

export function toEgressPolicy(values: SettingValues): EgressPolicy {
  return { allowedNetworks: settled(values, 'mirror.allowed_networks') };
}

/** For a command that talks to other registries. @throws SettingsError */
export function loadEgressPolicy(sources: SettingsSources): EgressPolicy {
  const { values, problems } = judgeSettings(collectGiven(sources));
  if (problems.length > 0) throw new SettingsError(problems);
  return toEgressPolicy(values);
}

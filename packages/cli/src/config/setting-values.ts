// The settings of a command that needs a few of them, and no rule that joins several.
import { collectGiven, type SettingsSources } from './given-settings.ts';
import { judgeSettings } from './judged-settings.ts';
import type { SettingValues } from './setting-table.ts';
import { SettingsError } from './settings-problem.ts';

/** @throws SettingsError with everything that is wrong, also of other settings */
export function loadSettingValues(sources: SettingsSources): SettingValues {
  const { values, problems } = judgeSettings(collectGiven(sources));
  if (problems.length > 0) throw new SettingsError(problems);
  return values;
}

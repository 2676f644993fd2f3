// Where clients reach the server, for commands that tell them.
import { collectGiven, type SettingsSources } from './given-settings.ts';
import { judgeSettings } from './judged-settings.ts';
import { SettingsError } from './settings-problem.ts';

/** Undefined when it is not set. @throws SettingsError */
export function loadPublicUrl(sources: SettingsSources): string | undefined {
  const { values, problems } = judgeSettings(collectGiven(sources));
  if (problems.length > 0) throw new SettingsError(problems);
  return values.public_url;
}

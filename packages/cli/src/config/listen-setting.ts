// Where the server beside this command listens, for commands that ask it.
import { collectGiven, type SettingsSources } from './given-settings.ts';
import { judgeSettings, settled } from './judged-settings.ts';
import type { ListenAddress } from './listen-address.ts';
import { SettingsError } from './settings-problem.ts';

/** @throws SettingsError */
export function loadListen(sources: SettingsSources): readonly ListenAddress[] {
  const { values, problems } = judgeSettings(collectGiven(sources));
  if (problems.length > 0) throw new SettingsError(problems);
  return settled(values, 'listen');
}

// The settings of a run: what was given, judged against the table, completed by the defaults. All
// mistakes come in one message, so that nobody corrects them one start at a time.
import type { GivenSettings } from './given-settings.ts';
import {
  SETTING_KEYS,
  type SettingKey,
  SETTINGS,
  type SettingValues,
  variableOf,
} from './setting-table.ts';
import type { Origin, SettingsProblem } from './settings-problem.ts';

export interface JudgedSettings {
  readonly values: SettingValues;
  readonly problems: readonly SettingsProblem[];
  readonly originOf: (key: SettingKey) => Origin;
}

function show(key: SettingKey, value: unknown): string {
  return 'isSecret' in SETTINGS[key] ? 'the value' : JSON.stringify(value);
}

/** Judges each value; mistakes are returned, so that others can be added before they are reported. */
export function judgeSettings(given: GivenSettings): JudgedSettings {
  const problems: SettingsProblem[] = [...given.problems];
  const values: Record<string, unknown> = {};
  const originOf = (key: SettingKey): Origin =>
    given.values.get(key)?.origin ?? { name: variableOf(key), place: 'not set' };
  for (const key of SETTING_KEYS) {
    const setting: { schema: (typeof SETTINGS)[SettingKey]['schema']; fallback?: string } =
      SETTINGS[key];
    const value = given.values.get(key)?.value ?? setting.fallback;
    if (value === undefined) continue;
    const result = setting.schema.safeParse(value);
    if (result.success) values[key] = result.data;
    else {
      const [issue] = result.error.issues;
      const text = `${show(key, value)} ${issue?.message ?? 'is not right'}.`;
      problems.push({ origin: originOf(key), text });
    }
  }
  return { values: values as SettingValues, problems, originOf };
}

/** Settings with a default always have a value once nothing is wrong. */
export function settled<Key extends SettingKey>(
  values: SettingValues,
  key: Key,
): NonNullable<SettingValues[Key]> {
  const value = values[key];
  if (value === undefined || value === null) throw new Error(`${key} has no default`);
  return value;
}

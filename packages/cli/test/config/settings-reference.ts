// The table of docs/configuration.md, made from the settings themselves.
import {
  SETTING_KEYS,
  SETTINGS,
  type Setting,
  variableOf,
} from '../../src/config/setting-table.ts';

function fallbackOf(setting: Omit<Setting, 'schema'>): string {
  if (setting.rule !== undefined) return setting.rule;
  return setting.fallback === '' ? 'none' : `\`${setting.fallback}\``;
}

export function settingsReference(): string {
  const rows = SETTING_KEYS.map((key) => {
    const setting: Omit<Setting, 'schema'> = SETTINGS[key];
    return `| \`${key}\` | \`${variableOf(key)}\` | ${fallbackOf(setting)} | ${setting.about} |`;
  });
  return ['| key | variable | default | what it is |', '|---|---|---|---|', ...rows].join('\n');
}

// For tests and tools that check sample configurations; the program itself is main.ts.
export { loadServeSettings, type ServeRole, type ServeSettings } from './config/serve-settings.ts';
export { SettingsError } from './config/settings-problem.ts';

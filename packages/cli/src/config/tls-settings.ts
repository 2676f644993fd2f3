// Where certificates lie, and which ACME server they may come from.
import { join, resolve } from 'node:path';
import { collectGiven, type SettingsSources } from './given-settings.ts';
import { type JudgedSettings, judgeSettings, settled } from './judged-settings.ts';
import type { SettingValues } from './setting-table.ts';
import { SettingsError, type SettingsProblem } from './settings-problem.ts';

export interface AcmeSettings {
  /** URL of the server's directory (RFC 8555 §7.1.1). */
  readonly directory: string;
  readonly email: string | undefined;
  readonly names: readonly string[];
  /** File with the authority of the ACME server itself. */
  readonly authority: string | undefined;
}

export interface TlsSettings {
  readonly directories: {
    readonly authority: string;
    readonly certificates: string;
  };
  readonly acme: AcmeSettings | undefined;
  /** Whether `https` listeners stand in for mirrored registries. */
  readonly impersonates: boolean;
}

/** The two that make no sense alone. */
export function acmeProblems({ values, originOf }: JudgedSettings): SettingsProblem[] {
  const hasDirectory = values['tls.acme_directory'] !== undefined;
  const hasNames = (values['tls.acme_names'] ?? []).length > 0;
  if (hasDirectory === hasNames) return [];
  const [key, text] = hasDirectory
    ? (['tls.acme_names', 'is missing: the names that the ACME server shall vouch for.'] as const)
    : (['tls.acme_directory', 'is missing: the URL of the ACME server’s directory.'] as const);
  return [{ origin: originOf(key), text }];
}

function toAcmeSettings(values: SettingValues): AcmeSettings | undefined {
  const directory = values['tls.acme_directory'];
  if (directory === undefined) return undefined;
  const authority = values['tls.acme_ca'];
  return {
    directory,
    email: values['tls.acme_email'],
    names: values['tls.acme_names'] ?? [],
    authority: authority === undefined ? undefined : resolve(authority),
  };
}

export function toTlsSettings(values: SettingValues): TlsSettings {
  const dataDirectory = resolve(settled(values, 'data_dir'));
  return {
    directories: {
      authority: join(dataDirectory, 'ca'),
      certificates: resolve(values['tls.certificates'] ?? join(dataDirectory, 'tls')),
    },
    acme: toAcmeSettings(values),
    impersonates: settled(values, 'tls.impersonate'),
  };
}

/** For a command that works on certificates alone. @throws SettingsError */
export function loadTlsSettings(sources: SettingsSources): TlsSettings {
  const judged = judgeSettings(collectGiven(sources));
  const problems = [...judged.problems, ...acmeProblems(judged)];
  if (problems.length > 0) throw new SettingsError(problems);
  return toTlsSettings(judged.values);
}

// What `portolan serve` and its two halves need, with the rules that join several settings. The
// result is plain data: the primary sends it to its workers as it is.
import { availableParallelism } from 'node:os';
import type { PassPattern } from '@portolan/connect';
import type { EgressPolicy } from '@portolan/mirror';
import { toEgressPolicy } from './egress-settings.ts';
import { collectGiven, type SettingsSources } from './given-settings.ts';
import { ListenAddress } from './listen-address.ts';
import type { MetricsAddress } from './metrics-address.ts';
import { type SettingKey, type SettingValues, variableOf } from './setting-table.ts';
import { type JudgedSettings, judgeSettings, settled } from './judged-settings.ts';
import { SettingsError, type SettingsProblem } from './settings-problem.ts';
import { type StorageSettings, toStorageSettings } from './storage-settings.ts';
import { acmeProblems, type TlsSettings, toTlsSettings } from './tls-settings.ts';

/** `all` is registry and token service on one listener. */
export type ServeRole = 'all' | 'registry' | 'auth';

export interface OtherService {
  readonly name: string;
  readonly keyId: 'rfc7638' | 'libtrust';
}

export interface ServeSettings {
  readonly role: ServeRole;
  /** Users are here, an administrator before all: not at the registry alone, nor beside a bundle. */
  readonly hasAccounts: boolean;
  readonly listen: readonly ListenAddress[];
  /** Undefined is `http://localhost:PORT`, known when the port is. */
  readonly publicUrl: string | undefined;
  readonly workers: number;
  readonly maxConnections: number;
  readonly shutdownGraceMs: number;
  readonly isAccessLogged: boolean;
  /** Networks whose `X-Forwarded-*` count. */
  readonly trustedProxies: readonly string[];
  readonly tls: TlsSettings;
  /** Hosts that `connect` listeners connect to. */
  readonly passThrough: readonly PassPattern[];
  readonly logLevel: SettingValues['log_level'];
  readonly issuer: string | undefined;
  readonly service: string | undefined;
  readonly otherServices: readonly OtherService[];
  readonly tokenTtlSeconds: number;
  readonly realm: string | undefined;
  /** File or URL; undefined takes the keys in the data directory. */
  readonly jwks: string | undefined;
  readonly policy: {
    readonly push: NonNullable<SettingValues['policy.push']>;
    readonly delete: boolean;
    readonly contributorsMayDelete: boolean;
    readonly anonymous: boolean;
  };
  readonly storage: StorageSettings;
  /** Undefined counts nothing. */
  readonly metrics: MetricsAddress | undefined;
  /** Of the mirror. */
  readonly egress: EgressPolicy;
}

/** Beside the settings, because it must not travel with them. */
export interface LoadedServeSettings {
  readonly settings: ServeSettings;
  readonly adminPassword: string | undefined;
}

function problem({ originOf }: JudgedSettings, key: SettingKey, text: string): SettingsProblem {
  return { origin: originOf(key), text };
}

function registryProblems(judged: JudgedSettings): SettingsProblem[] {
  const keys = ['registry.realm', 'token.issuer', 'token.service'] as const;
  return keys
    .filter((key) => judged.values[key] === undefined)
    .map((key) =>
      problem(
        judged,
        key,
        `the registry alone cannot know it. Set it as the token service has it, or set ${variableOf('public_url')} when both are reached under one address.`,
      ),
    );
}

function publicUrlProblems(
  judged: JudgedSettings,
  listen: readonly ListenAddress[],
): SettingsProblem[] {
  const reached = listen.find((address) => !ListenAddress.isLocalhost(address));
  if (reached === undefined) return [];
  const why =
    reached.scheme === 'http'
      ? `clients do not reach this server as localhost when it listens on ${ListenAddress.format(reached)}`
      : `${ListenAddress.format(reached)} is for clients that know this server by its name`;
  const text = `is required, because ${why}. Set it to the URL that they use, such as https://registry.example.com.`;
  return [problem(judged, 'public_url', text)];
}

function redirectProblems({ values, originOf }: JudgedSettings): SettingsProblem[] {
  const { listen, public_url: publicUrl } = values;
  const redirect = listen?.find(({ scheme }) => scheme === 'redirect');
  if (redirect === undefined || publicUrl?.startsWith('https:') === true) return [];
  const text = `must be a URL with https://, because ${ListenAddress.format(redirect)} sends clients there.`;
  return [{ origin: originOf('public_url'), text }];
}

function serviceProblems(judged: JudgedSettings): SettingsProblem[] {
  if (judged.values['token.service'] !== undefined) return [];
  const text = `the token service alone cannot know the registry's name. Set it as the registry has it, or set ${variableOf('public_url')} when both are reached under one address.`;
  return [problem(judged, 'token.service', text)];
}

/** Through it come requests to the registry. */
function connectProblems(role: ServeRole, { values, originOf }: JudgedSettings): SettingsProblem[] {
  const connect = values.listen?.find(({ scheme }) => scheme === 'connect');
  if (connect === undefined || role !== 'auth') return [];
  const text = `has ${ListenAddress.format(connect)}, which is for \`portolan serve\` and \`portolan serve registry\`: engines pull through it. Remove it here.`;
  return [{ origin: originOf('listen'), text }];
}

/** The rules that join several settings. */
function crossProblems(role: ServeRole, judged: JudgedSettings): SettingsProblem[] {
  const { values } = judged;
  const redirect = redirectProblems(judged);
  const problems = [...redirect, ...acmeProblems(judged), ...connectProblems(role, judged)];
  if (values['registry.jwks'] !== undefined && role !== 'registry') {
    const text = `is only for \`portolan serve registry\`: here tokens are signed with the keys in the data directory. Remove it.`;
    problems.push(problem(judged, 'registry.jwks', text));
  }
  const isPublicUrlSet = judged.originOf('public_url').place !== 'not set';
  if (isPublicUrlSet) return problems;
  if (role === 'registry') return [...problems, ...registryProblems(judged)];
  if (role === 'auth') problems.push(...serviceProblems(judged));
  // One reason is enough.
  if (redirect.length === 0 && values.listen !== undefined) {
    problems.push(...publicUrlProblems(judged, values.listen));
  }
  return problems;
}

function toSettings(role: ServeRole, values: SettingValues): ServeSettings {
  return {
    role,
    hasAccounts: role !== 'registry',
    listen: settled(values, 'listen'),
    publicUrl: values.public_url,
    workers: values.workers ?? availableParallelism(),
    maxConnections: settled(values, 'max_connections'),
    shutdownGraceMs: settled(values, 'shutdown_grace_seconds') * 1000,
    isAccessLogged: settled(values, 'access_log'),
    trustedProxies: settled(values, 'trusted_proxies'),
    tls: toTlsSettings(values),
    passThrough: settled(values, 'connect.pass_through'),
    logLevel: values.log_level,
    issuer: values['token.issuer'],
    service: values['token.service'],
    otherServices: settled(values, 'token.other_services'),
    tokenTtlSeconds: settled(values, 'token.ttl_seconds'),
    realm: values['registry.realm'],
    jwks: values['registry.jwks'],
    policy: {
      push: settled(values, 'policy.push'),
      delete: settled(values, 'policy.delete'),
      contributorsMayDelete: settled(values, 'policy.contributors_may_delete'),
      anonymous: settled(values, 'policy.anonymous'),
    },
    storage: toStorageSettings(values),
    metrics: values['metrics.listen'],
    egress: toEgressPolicy(values),
  };
}

/** @throws SettingsError with everything that is wrong */
export function loadServeSettings(role: ServeRole, sources: SettingsSources): LoadedServeSettings {
  const judged = judgeSettings(collectGiven(sources));
  const problems = [...judged.problems, ...crossProblems(role, judged)];
  if (problems.length > 0) throw new SettingsError(problems);
  return {
    settings: toSettings(role, judged.values),
    adminPassword: judged.values.admin_password,
  };
}

// Collects what was given, by file, environment and command line, each value with the place it came
// from; the later wins. Nothing is judged here but the names, and that secrets' files can be read.
import { nearestName } from '@portolan/oci';
import { readFileSync } from 'node:fs';
import { readFailure } from '../terminal/file-failure.ts';
import type { Environment } from './environment.ts';
import { SETTING_KEYS, type SettingKey, SETTINGS, variableOf } from './setting-table.ts';
import { readSettingsFile } from './settings-file.ts';
import type { Origin, SettingsProblem } from './settings-problem.ts';

export interface GivenValue {
  readonly origin: Origin;
  readonly value: unknown;
}

export interface SettingsSources {
  readonly environment: Environment;
  /** `--config`; without it PORTOLAN_CONFIG. */
  readonly file?: string | undefined;
  /** Given on the command line, by key. */
  readonly flags?: Readonly<Partial<Record<SettingKey, string | undefined>>>;
}

export interface GivenSettings {
  readonly values: ReadonlyMap<string, GivenValue>;
  readonly problems: readonly SettingsProblem[];
}

const CONFIG_VARIABLE = 'PORTOLAN_CONFIG';
const SECRETS = SETTING_KEYS.filter((key) => 'isSecret' in SETTINGS[key]);
const KEYS: readonly string[] = [...SETTING_KEYS, ...SECRETS.map((key) => `${key}_file`)];
const KEY_OF_VARIABLE = new Map(KEYS.map((key) => [variableOf(key), key]));
// Kubernetes sets these in every pod beside a service called `portolan`.
const NOT_OURS = /^PORTOLAN_(?:SERVICE_HOST|SERVICE_PORT\w*|PORT_\d+_\w+)$/;

/** `PORTOLAN_PORT` is one of them only with an address in it; a person means the port to listen on. */
function isForeign(name: string, value: string | undefined): boolean {
  return NOT_OURS.test(name) || (name === 'PORTOLAN_PORT' && /^\w+:\/\//.test(value ?? ''));
}

interface Collected {
  readonly values: Map<string, GivenValue>;
  readonly problems: SettingsProblem[];
}

function unknown(origin: Origin, known: readonly string[]): SettingsProblem {
  const nearest = nearestName(origin.name, known);
  const hint = nearest === undefined ? 'See docs/configuration.md.' : `Did you mean ${nearest}?`;
  return { origin, text: `there is no such setting. ${hint}` };
}

function readFile(file: string, { values, problems }: Collected): void {
  const read = readSettingsFile(file);
  problems.push(...read.problems);
  for (const { key, value, origin } of read.entries) {
    if (KEYS.some((known) => known.startsWith(`${key}.`))) {
      // A section with nothing below it is fine; one with a value is a mistake.
      if (value === null || value === undefined) continue;
      problems.push({ origin, text: 'is a section. Write its keys below it, indented.' });
    } else if (!KEYS.includes(key)) problems.push(unknown(origin, KEYS));
    else if (value !== null && value !== undefined) values.set(key, { origin, value });
  }
}

function readVariables(environment: Environment, { values, problems }: Collected): void {
  for (const [name, value] of Object.entries(environment)) {
    if (!name.startsWith('PORTOLAN_') || name === CONFIG_VARIABLE || isForeign(name, value))
      continue;
    const origin = { name, place: 'environment' };
    const key = KEY_OF_VARIABLE.get(name);
    if (key === undefined) {
      problems.push(unknown(origin, [...KEY_OF_VARIABLE.keys(), CONFIG_VARIABLE]));
    } else if (value !== undefined && value !== '') {
      // Set but empty is how compose files and unit files say "not set".
      values.set(key, { origin, value });
    }
  }
}

/** Replaces `<key>_file` by what the file holds. */
function readSecret(key: SettingKey, { values, problems }: Collected): void {
  const given = values.get(`${key}_file`);
  if (given === undefined) return;
  const { origin } = given;
  const other = values.get(key);
  if (other !== undefined) {
    problems.push({ origin, text: `is given beside ${other.origin.name}. Keep one of the two.` });
    return;
  }
  try {
    const value = readFileSync(String(given.value), 'utf8').replace(/\r?\n$/, '');
    values.set(key, { origin, value });
  } catch (error) {
    const { message, hint } = readFailure(String(given.value), error);
    problems.push({ origin, text: `${message}: ${hint.replaceAll('\n', ' ')}` });
  }
}

export function collectGiven({ environment, file, flags = {} }: SettingsSources): GivenSettings {
  const collected: Collected = { values: new Map(), problems: [] };
  const path = file ?? environment[CONFIG_VARIABLE];
  if (path !== undefined && path !== '') readFile(path, collected);
  readVariables(environment, collected);
  for (const [key, value] of Object.entries(flags)) {
    if (value === undefined) continue;
    const name = `--${key.replaceAll(/[._]/g, '-')}`;
    collected.values.set(key, { origin: { name, place: 'command line' }, value });
  }
  for (const key of SECRETS) readSecret(key, collected);
  return collected;
}

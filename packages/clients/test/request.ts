// Requests for configuration as the tests make them: `https://registry.lan`, nothing else given.
import { UpstreamHost } from '@portolan/oci';
import type { Surroundings } from '../src/config/client-config.ts';
import {
  type ConfigEngine,
  type ConfigRequest,
  type FoundPlace,
  parseEngineVersion,
  parseRegistryAddress,
  configOf,
} from '../src/index.ts';

export interface Wanted {
  readonly registry?: string;
  readonly ns?: string;
  readonly known?: string;
  readonly fails?: 'open' | 'closed';
  readonly ca?: string;
  readonly version?: string;
  readonly proxy?: string;
  readonly unit?: string;
}

export const CA = '-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n';

function hosts(text: string): readonly UpstreamHost[] {
  return text.split(',').map((one) => {
    const host = UpstreamHost.find(one);
    if (host === undefined) throw new Error(`${one} is no host`);
    return host;
  });
}

function requestOf({
  registry = 'https://registry.lan',
  ns,
  known = 'docker.io',
  version,
  ...more
}: Wanted): ConfigRequest {
  return {
    registry: parseRegistryAddress(registry),
    upstreams: ns === undefined ? undefined : hosts(ns),
    knownUpstreams: hosts(known),
    fails: more.fails,
    ca: more.ca,
    version: version === undefined ? undefined : parseEngineVersion(version),
    proxy: more.proxy,
    unit: more.unit,
  };
}

export function config(engine: ConfigEngine, wanted: Wanted = {}) {
  return configOf(engine, requestOf(wanted));
}

/** Path → text. */
export function files(engine: ConfigEngine, wanted: Wanted = {}): Readonly<Record<string, string>> {
  return Object.fromEntries(config(engine, wanted).files.map(({ path, text }) => [path, text]));
}

/** What becomes of a file that is there. */
export function merged(engine: ConfigEngine, existing: string, wanted: Wanted = {}): string {
  const [first] = config(engine, wanted).files;
  if (first?.merge === undefined) throw new Error(`${engine} merges nothing`);
  return first.merge(existing);
}

/** What is made of what is there already: directories have no text. */
export function judged(
  engine: ConfigEngine,
  there: Readonly<Record<string, string | undefined>>,
  wanted: Wanted = {},
): ReturnType<Surroundings['judge']> {
  const { surroundings } = config(engine, wanted);
  const found = Object.entries(there).map(([path, text]): FoundPlace => ({ path, text }));
  return surroundings?.judge(found) ?? { files: [], warnings: [] };
}

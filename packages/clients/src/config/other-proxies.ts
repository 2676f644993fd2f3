// What counts over our drop-in for a proxy, so that the engine goes elsewhere or past it:
//
// - a drop-in of the unit whose name comes later, wherever it lies, and `UnsetEnvironment=` in any file
// - an environment file that the unit reads, which counts over all `Environment=`
// - "proxies" in `daemon.json`, which dockerd since version 23 takes before its environment
import { isBefore } from '../engine-version.ts';
import type { ConfigRequest, FoundPlace, Surroundings } from './client-config.ts';
import { fileVariable, settingsOf, unitVariable } from './systemd-environment.ts';

export interface OwnProxy {
  readonly unit: string;
  /** Of our drop-in, without a directory. */
  readonly file: string;
  readonly address: string;
  /** What is reached without it. */
  readonly exempt: readonly string[];
}

interface Found {
  readonly path: string;
  readonly proxy: string | undefined;
  readonly exempt: string | undefined;
  /** What these are called there. */
  readonly names: readonly [proxy: string, exempt: string];
}

const NAMES = ['HTTPS_PROXY', 'NO_PROXY'] as const;
const DAEMON = '/etc/docker/daemon.json';

/** A file in an earlier directory hides those of its name in later ones. */
const UNITS = ['/etc/systemd/system', '/run/systemd/system', '/usr/lib/systemd/system'] as const;

/** Where environment files of units usually are. */
function environmentFiles(unit: string): readonly string[] {
  const name = unit.replace(/\.service$/, '');
  return [`/etc/default/${name}`, `/etc/sysconfig/${name}`, `/etc/systemd/system/${unit}.env`];
}

function nameOf(path: string): string {
  return path.slice(path.lastIndexOf('/') + 1);
}

function isSame(given: string, { address }: OwnProxy): boolean {
  return URL.parse(given)?.origin === address;
}

function isSameList(given: string, { exempt }: OwnProxy): boolean {
  const hosts = given.split(',').map((host) => host.trim());
  return hosts.toSorted().join() === exempt.toSorted().join();
}

/** Without what else is in the address, which may be a password. */
function placeOf(proxy: string): string {
  const host = URL.parse(proxy)?.host ?? '';
  return host === '' ? 'another one' : host;
}

function warningsOf({ path, proxy, exempt, names }: Found, own: OwnProxy): readonly string[] {
  const { unit } = own;
  const warnings: string[] = [];
  if (proxy === '') {
    warnings.push(`${unit} is not fail-closed: ${path} takes ${names[0]} away. Remove that there.`);
  } else if (proxy !== undefined && !isSame(proxy, own)) {
    const place = placeOf(proxy);
    warnings.push(
      `${unit} is not fail-closed: with ${names[0]} in ${path} its proxy is ${place}. Remove it there.`,
    );
  }
  if (exempt !== undefined && !isSameList(exempt, own)) {
    warnings.push(
      `${unit} goes past the proxy elsewhere than it should: ${names[1]} in ${path} is "${exempt}". Remove it there.`,
    );
  }
  return warnings;
}

function readDaemonJson({ path, text = '' }: FoundPlace): readonly Found[] {
  let proxies: Readonly<Record<string, unknown>>;
  try {
    const settings = JSON.parse(text) as { readonly proxies?: object | null } | null;
    proxies = { ...settings?.proxies };
  } catch {
    // dockerd does not start with it.
    return [];
  }
  const names = ['https-proxy', 'no-proxy'] as const;
  // What is empty there counts as not said.
  const [proxy, exempt] = names.map((name) => {
    const value = proxies[name];
    return typeof value === 'string' && value !== '' ? value : undefined;
  });
  return [{ path, proxy, exempt, names }];
}

/** The unit and its drop-ins that systemd reads, without ours. */
function unitsIn(found: readonly FoundPlace[], { unit, file }: OwnProxy): readonly FoundPlace[] {
  const byName = new Map<string, FoundPlace>();
  for (const directory of UNITS.toReversed()) {
    const places = found.filter(
      ({ path }) => path === `${directory}/${unit}` || path.startsWith(`${directory}/${unit}.d/`),
    );
    for (const place of places) byName.set(nameOf(place.path), place);
  }
  byName.delete(file);
  return [...byName.values()];
}

/** Without ours; the unit's own file is before all drop-ins. */
function readUnit(units: readonly FoundPlace[], { unit, file }: OwnProxy): readonly Found[] {
  return units.map(({ path, text = '' }) => {
    const isLater = nameOf(path) > file && nameOf(path) !== unit;
    const [proxy, exempt] = NAMES.map((name) =>
      unitVariable(text, name, isLater ? 'all' : 'unset'),
    );
    return { path, proxy, exempt, names: NAMES };
  });
}

function readEnvironmentFiles(
  found: readonly FoundPlace[],
  units: readonly FoundPlace[],
  { unit }: OwnProxy,
): readonly Found[] {
  const name = unit.replace(/\.service$/, '');
  const named = units.flatMap(({ text = '' }) => settingsOf(text, 'EnvironmentFile'));
  const read = new Set(named.map((path) => path.replace(/^-/, '').replaceAll(/%[Np]/g, name)));
  const files = found.filter(({ path }) => read.has(path));
  return files.map(({ path, text = '' }) => {
    const [proxy, exempt] = NAMES.map((one) => fileVariable(text, one));
    return { path, proxy, exempt, names: NAMES };
  });
}

export function otherProxies(
  { version }: Pick<ConfigRequest, 'version'>,
  own: OwnProxy,
): Surroundings {
  const { unit } = own;
  const isDocker = /^docker(?:@.*)?\.service$/.test(unit);
  const readsDaemonJson = isDocker && (version === undefined || !isBefore(version, [23, 0, 0]));
  return {
    patterns: [
      ...UNITS.flatMap((directory) => [`${directory}/${unit}`, `${directory}/${unit}.d/*.conf`]),
      ...environmentFiles(unit),
      ...(readsDaemonJson ? [DAEMON] : []),
    ],
    judge(found) {
      const daemon = readsDaemonJson ? found.filter(({ path }) => path === DAEMON) : [];
      const units = unitsIn(found, own);
      const others = [
        ...readUnit(units, own),
        ...readEnvironmentFiles(found, units, own),
        ...daemon.flatMap(readDaemonJson),
      ];
      return { files: [], warnings: others.flatMap((one) => warningsOf(one, own)) };
    },
  };
}

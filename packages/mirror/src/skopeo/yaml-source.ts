// skopeo's YAML source file (skopeo-sync(1), "YAML file content"). skopeo skips what it does not
// understand and ends with success; here everything that is wrong is found at once, and nothing runs.
import { DomainError, Reference, type Tag } from '@portolan/oci';
import { mirrorError } from '../errors.ts';
import {
  parseUpstreamHost,
  parseUpstreamName,
  type UpstreamRepository,
} from '../names/upstream-name.ts';
import { parseExpression } from '../selection/expression.ts';
import { parseRange, versionOf } from '../selection/version.ts';
import { isMap, type YamlMap, parseYamlText, unknownKeys } from './yaml-text.ts';

export type SkopeoSelection =
  | { readonly kind: 'all' }
  | { readonly kind: 'listed'; readonly references: readonly Reference[] }
  | {
      readonly kind: 'regex' | 'semver';
      readonly text: string;
      readonly matches: (tag: Tag) => boolean;
    };

export interface SkopeoRepository {
  readonly upstream: UpstreamRepository;
  readonly selection: SkopeoSelection;
}

export interface SkopeoRegistry {
  /** Canonical. */
  readonly host: string;
  readonly credentials: { readonly username: string; readonly password: string } | undefined;
  /** Undefined leaves it to the command line. */
  readonly verifiesTls: boolean | undefined;
  readonly certDirectory: string | undefined;
  readonly repositories: readonly SkopeoRepository[];
}

export interface SkopeoSourceFile {
  readonly registries: readonly SkopeoRegistry[];
  /** Empty when the file is fit to be used. */
  readonly problems: readonly string[];
}

const KEYS = [
  'images',
  'images-by-tag-regex',
  'images-by-semver',
  'credentials',
  'tls-verify',
  'cert-dir',
];
// As Go's YAML reads a boolean.
const BOOLEANS: Readonly<Record<string, boolean>> = {
  true: true,
  True: true,
  TRUE: true,
  false: false,
  False: false,
  FALSE: false,
};

/** Collects what is wrong; `at` is where. */
interface Findings {
  readonly problems: string[];
  at(path: string, problem: string): void;
}

function createFindings(): Findings {
  const problems: string[] = [];
  return { problems, at: (path, problem) => problems.push(`${path}: ${problem}`) };
}

function attempt<T>(findings: Findings, path: string, read: () => T): T | undefined {
  try {
    return read();
  } catch (error) {
    if (!(error instanceof DomainError)) throw error;
    findings.at(path, error.message);
    return undefined;
  }
}

function readUpstream(host: string, name: string): UpstreamRepository {
  const { reference, ...upstream } = parseUpstreamName(`${host}/${name}`);
  if (reference === undefined) return upstream;
  throw mirrorError('request-invalid', 'names an image, not a repository');
}

function readListed(findings: Findings, path: string, value: unknown): SkopeoSelection | undefined {
  if (value === '' || value === null) return { kind: 'all' };
  if (!Array.isArray(value)) {
    findings.at(path, 'is not a list of tags and digests');
    return undefined;
  }
  if (value.length === 0) return { kind: 'all' };
  const references = value.map((entry: unknown, i) =>
    attempt(findings, `${path}[${i}]`, () => {
      if (typeof entry === 'string') return Reference.parse(entry);
      throw mirrorError('request-invalid', 'is neither a tag nor a digest');
    }),
  );
  return { kind: 'listed', references: references.filter((one) => one !== undefined) };
}

function readRegex(findings: Findings, path: string, value: unknown): SkopeoSelection | undefined {
  return attempt(findings, path, () => {
    if (typeof value !== 'string' || value === '') {
      throw mirrorError('request-invalid', 'is not an expression');
    }
    return { kind: 'regex', text: value, matches: parseExpression(value) };
  });
}

function readSemver(findings: Findings, path: string, value: unknown): SkopeoSelection | undefined {
  return attempt(findings, path, () => {
    if (typeof value !== 'string') throw mirrorError('request-invalid', 'is not a semver range');
    const satisfies = parseRange(value);
    const matches = (tag: Tag): boolean => {
      const version = versionOf(tag);
      return version !== undefined && satisfies(version);
    };
    return { kind: 'semver', text: value, matches };
  });
}

type ReadSelection = (
  findings: Findings,
  path: string,
  value: unknown,
) => SkopeoSelection | undefined;

const SECTIONS: Readonly<Record<string, ReadSelection>> = {
  images: readListed,
  'images-by-tag-regex': readRegex,
  'images-by-semver': readSemver,
};

function readSection(
  findings: Findings,
  { host, config, section }: { host: string; config: YamlMap; section: string },
): readonly SkopeoRepository[] {
  const value = config[section];
  const read = SECTIONS[section];
  if (value === undefined || value === '' || read === undefined) return [];
  if (!isMap(value)) {
    findings.at(`${host}.${section}`, 'is not a map of repositories');
    return [];
  }
  return Object.entries(value).flatMap(([name, entry]) => {
    const path = `${host}.${section}.${name}`;
    const upstream = attempt(findings, path, () => readUpstream(host, name));
    const selection = read(findings, path, entry);
    return upstream === undefined || selection === undefined ? [] : [{ upstream, selection }];
  });
}

function readCredentials(findings: Findings, host: string, value: unknown) {
  if (value === undefined) return undefined;
  const path = `${host}.credentials`;
  if (!isMap(value)) {
    findings.at(path, 'is not a map of username and password');
    return undefined;
  }
  unknownKeys(value, ['username', 'password']).forEach((key) =>
    findings.at(`${path}.${key}`, 'is not known'),
  );
  const { username, password } = value;
  if (typeof username === 'string' && typeof password === 'string') return { username, password };
  findings.at(path, 'needs a username and a password');
  return undefined;
}

function readBoolean(findings: Findings, path: string, value: unknown): boolean | undefined {
  if (value === undefined) return undefined;
  const known = typeof value === 'string' ? BOOLEANS[value] : undefined;
  if (known === undefined) findings.at(path, 'is neither true nor false');
  return known;
}

function readCertDirectory(findings: Findings, host: string, value: unknown) {
  if (value === undefined || typeof value === 'string') return value;
  findings.at(`${host}.cert-dir`, 'is not a path');
  return undefined;
}

function readRegistry(findings: Findings, key: string, value: unknown): SkopeoRegistry | undefined {
  const host = attempt(findings, key, () => parseUpstreamHost(key));
  if (!isMap(value)) {
    findings.at(key, 'is not a map');
    return undefined;
  }
  unknownKeys(value, KEYS).forEach((name) => findings.at(`${key}.${name}`, 'is not known'));
  const repositories = Object.keys(SECTIONS).flatMap((section) =>
    readSection(findings, { host: key, config: value, section }),
  );
  const sections = Object.keys(SECTIONS).filter((section) => isMap(value[section]));
  if (sections.every((section) => Object.keys(value[section] ?? {}).length === 0)) {
    findings.at(key, 'names no images');
  }
  const registry = {
    credentials: readCredentials(findings, key, value['credentials']),
    verifiesTls: readBoolean(findings, `${key}.tls-verify`, value['tls-verify']),
    certDirectory: readCertDirectory(findings, key, value['cert-dir']),
    repositories,
  };
  return host === undefined ? undefined : { host, ...registry };
}

/** Never throws for what the file says: `problems` has all of it. */
export function parseSkopeoSource(text: string): SkopeoSourceFile {
  const { value, problems } = parseYamlText(text);
  if (problems.length > 0) return { registries: [], problems };
  const findings = createFindings();
  if (!isMap(value) || Object.keys(value).length === 0) {
    return { registries: [], problems: ['the file is not a map of registries'] };
  }
  const registries = Object.entries(value)
    .map(([host, config]) => readRegistry(findings, host, config))
    .filter((registry) => registry !== undefined);
  return { registries, problems: findings.problems };
}

// What people call images, in one language for rules, runs, bundles and prune: a name in any spelling
// (`busybox` is `docker.io/library/busybox`), a host alone for all that comes from it, globs in which `*`
// stays within one part of a path and `**` crosses them, and behind it a tag, which may be a glob, or a
// digest. A repository here and the one upstream that it mirrors are called the same.
import { DomainError, type Reference, UpstreamHost } from '@portolan/oci';
import { mirrorError } from '../errors.ts';
import { destinationOf, parseUpstreamName } from '../names/upstream-name.ts';
import { parseGlob } from './glob.ts';

export interface SelectableReference {
  /** A repository of ours, or an upstream's with its host. */
  readonly repository: string;
  readonly reference: Reference;
}

export interface ReferenceSelector {
  /** Something in the repository may be meant. */
  matchesRepository(repository: string): boolean;
  /** Everything in it is. */
  takesWhole(repository: string): boolean;
  matches(reference: SelectableReference): boolean;
}

interface SelectorParts {
  readonly repository: string;
  readonly tag: string | undefined;
  readonly digest: string | undefined;
}

const MAX_LENGTH = 400;
const PART = '[a-z0-9._*?-]+';
const NAME = new RegExp(`^${PART}(?:/${PART})*$`);
const TAG = /^[A-Za-z0-9_.*?-]+$/;
const DIGEST = /^sha(?:256|512):[0-9a-f]+$/;
const WILDCARD = /[*?]/;

function malformed(text: string): never {
  throw mirrorError('request-invalid', 'selector is malformed', {
    selector: text.slice(0, MAX_LENGTH),
    hint: 'use a name, a host, or a glob with * and **, and a tag if wanted, such as docker.io/library/*:1.*',
  });
}

/** `registry.lan:5000` is a host, `busybox:5000` is a tag: a host has a dot, or is localhost. */
function isHostWithPort(text: string): boolean {
  const [, name, port] = /^([^/]*):(\d{1,5})$/.exec(text) ?? [];
  return name !== undefined && port !== undefined && UpstreamHost.isHostLike(name);
}

function split(text: string): SelectorParts {
  const at = text.indexOf('@');
  if (at !== -1) {
    return { repository: text.slice(0, at), tag: undefined, digest: text.slice(at + 1) };
  }
  const colon = text.lastIndexOf(':');
  const hasTag = colon > text.lastIndexOf('/') && !isHostWithPort(text);
  if (!hasTag) return { repository: text, tag: undefined, digest: undefined };
  return { repository: text.slice(0, colon), tag: text.slice(colon + 1), digest: undefined };
}

/** The host's own form, and that of the namespace here: `host:5000` lies in `host_5000`. */
function spellings(host: UpstreamHost): string[] {
  return [host, UpstreamHost.namespaceOf(host)];
}

/** The names upstream and here that a name without wildcards is short for. */
function canonicalNames(name: string): string[] {
  try {
    const { host, path } = parseUpstreamName(name);
    return [`${host}/${path}`, destinationOf({ host, path })];
  } catch (error) {
    // It may still be the name of a repository here.
    if (error instanceof DomainError) return [];
    throw error;
  }
}

/** Globs of which one must match. */
function globsOf(text: string, name: string): string[] {
  const slash = name.indexOf('/');
  const first = slash === -1 ? name : name.slice(0, slash);
  const host = WILDCARD.test(first) ? undefined : UpstreamHost.named(first);
  if (slash === -1 && host !== undefined) return spellings(host).map((one) => `${one}/**`);
  // A host may have a port, or brackets; all else is held by the grammar of names.
  const rest = host === undefined ? name : name.slice(slash + 1);
  if (!NAME.test(rest)) return malformed(text);
  if (!WILDCARD.test(name)) return [name, ...canonicalNames(name)];
  return host === undefined ? [name] : spellings(host).map((one) => `${one}/${rest}`);
}

function parseSelector(text: string): ReferenceSelector {
  if (text.length > MAX_LENGTH) return malformed(text);
  const { repository: name, tag, digest } = split(text);
  if (tag !== undefined && !TAG.test(tag)) return malformed(text);
  if (digest !== undefined && !DIGEST.test(digest)) return malformed(text);
  const globs = globsOf(text, name).map(parseGlob);
  const matchesTag = tag === undefined ? undefined : parseGlob(tag);
  const isWhole = tag === undefined && digest === undefined;
  const matchesRepository = (repository: string): boolean =>
    globs.some((matches) => matches(repository));
  return {
    matchesRepository,
    takesWhole: (repository) => isWhole && matchesRepository(repository),
    matches({ repository, reference }) {
      if (!matchesRepository(repository)) return false;
      if (reference.kind === 'digest') return isWhole || reference.digest === digest;
      return isWhole || matchesTag?.(reference.tag) === true;
    },
  };
}

const EVERYTHING: ReferenceSelector = {
  matchesRepository: () => true,
  takesWhole: () => true,
  matches: () => true,
};

/** Any of them; all there is when there are none. @throws MirrorError `request-invalid` */
export function parseSelectors(texts: readonly string[]): ReferenceSelector {
  const selectors = texts.map(parseSelector);
  if (selectors.length === 0) return EVERYTHING;
  return {
    matchesRepository: (name) => selectors.some((one) => one.matchesRepository(name)),
    takesWhole: (name) => selectors.some((one) => one.takesWhole(name)),
    matches: (reference) => selectors.some((one) => one.matches(reference)),
  };
}

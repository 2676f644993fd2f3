// Which references a command means: `docker.io/library/*`, `**/busybox:1.*`, `quay.io/a/b@sha256:…`. A
// star stays within one part of a path, two cross them; without a tag every tag is meant.
import { mirrorError } from '../errors.ts';
import { parseGlob } from '../selection/glob.ts';
import type { NamedReference } from './reference-name.ts';

export interface ReferenceSelector {
  matchesRepository(repository: string): boolean;
  matches(reference: NamedReference): boolean;
}

const MAX_LENGTH = 400;
const GRAMMAR = /^[a-z0-9._*?/-]+(?::[A-Za-z0-9_.*?-]+|@sha(?:256|512):[0-9a-f]+)?$/;

function splitSelector(text: string): { repository: string; tag?: string; digest?: string } {
  const at = text.indexOf('@');
  if (at !== -1) return { repository: text.slice(0, at), digest: text.slice(at + 1) };
  const colon = text.indexOf(':');
  if (colon === -1) return { repository: text };
  return { repository: text.slice(0, colon), tag: text.slice(colon + 1) };
}

/** @throws MirrorError `request-invalid` */
export function parseSelector(text: string): ReferenceSelector {
  if (text.length > MAX_LENGTH || !GRAMMAR.test(text)) {
    throw mirrorError('request-invalid', 'selector is malformed', {
      selector: text.slice(0, MAX_LENGTH),
      hint: 'use names with * and **, and a tag if wanted, such as docker.io/library/*:1.*',
    });
  }
  const { repository, tag, digest } = splitSelector(text);
  const matchesRepository = parseGlob(repository);
  const matchesTag = tag === undefined ? undefined : parseGlob(tag);
  return {
    matchesRepository,
    matches({ repository: name, reference }) {
      if (!matchesRepository(name)) return false;
      if (digest !== undefined) return reference.kind === 'digest' && reference.digest === digest;
      if (matchesTag === undefined) return true;
      return reference.kind === 'tag' && matchesTag(reference.tag);
    },
  };
}

/** Any of them; all there is when there are none. @throws MirrorError `request-invalid` */
export function parseSelectors(texts: readonly string[]): ReferenceSelector {
  const selectors = texts.map(parseSelector);
  if (selectors.length === 0) return { matchesRepository: () => true, matches: () => true };
  return {
    matchesRepository: (name) => selectors.some((one) => one.matchesRepository(name)),
    matches: (reference) => selectors.some((one) => one.matches(reference)),
  };
}

// The tags of a repository, page by page (distribution-spec, "Listing Tags").
import { Tag } from '@portolan/oci';
import type { Answer } from '../client/answer.ts';
import { mirrorError } from '../errors.ts';
import { countValues } from '../json/count-values.ts';
import { nextPage } from './link-header.ts';
import { pullScopes, type RegistryPlace } from './registry-place.ts';

/** The most that distribution's default configuration gives; more is refused by some. */
const PAGE_SIZE = 1000;

interface Page {
  readonly names: readonly unknown[];
  readonly next: string | undefined;
}

function corrupt(place: RegistryPlace, message: string) {
  const name = `${place.host}/${place.path}`;
  return mirrorError('upstream-corrupt', `${name}: ${message}`, { name });
}

/** What is in a page beside the names. */
const OTHER_VALUES = 100;

function parseNames(place: RegistryPlace, body: Buffer): readonly unknown[] {
  const { maxTags } = place.requester.limits;
  if (countValues(body) > maxTags + OTHER_VALUES) {
    throw corrupt(place, `the list of tags has more than ${maxTags} names`);
  }
  let document: unknown;
  try {
    document = JSON.parse(body.toString());
  } catch {
    // What JSON.parse says quotes the upstream.
    throw corrupt(place, 'the list of tags is not JSON');
  }
  const names =
    typeof document === 'object' && document !== null && 'tags' in document
      ? document.tags
      : undefined;
  // An empty repository is `null` to registries written in Go.
  if (names === null) return [];
  if (!Array.isArray(names)) throw corrupt(place, 'the answer is not a list of tags');
  return names;
}

async function readPage(place: RegistryPlace, answer: Answer, signal: AbortSignal): Promise<Page> {
  const { requester } = place;
  const body = await answer.bytes(requester.limits.maxTagPageBytes);
  const names = parseNames(place, body);
  return { names, next: nextPage(answer, place.hosts, await requester.base(signal)) };
}

/** What is no tag cannot be asked for, and must not become part of a path. */
function addTags(place: RegistryPlace, tags: Set<Tag>, names: readonly unknown[]): void {
  let dropped = 0;
  for (const name of names) {
    const tag = typeof name === 'string' ? Tag.find(name) : undefined;
    if (tag === undefined) dropped++;
    else tags.add(tag);
  }
  if (dropped > 0) {
    const repository = `${place.host}/${place.path}`;
    place.logger?.warn({ repository, dropped }, 'the upstream lists names that are no tags');
  }
}

export async function listTags(place: RegistryPlace, signal: AbortSignal): Promise<readonly Tag[]> {
  const { requester } = place;
  const { maxPages, maxTags } = requester.limits;
  const tags = new Set<Tag>();
  let query = `?n=${PAGE_SIZE}`;
  for (let pages = 1; ; pages++) {
    const url = `/v2/${place.path}/tags/list${query}`;
    const request = {
      method: 'GET',
      url,
      scopes: pullScopes(place),
      signal,
      what: 'tags',
    } as const;
    const page = await requester.ask(request, [200], (answer) => readPage(place, answer, signal));
    const before = tags.size;
    addTags(place, tags, page.names);
    if (page.next === undefined) return [...tags];
    if (pages >= maxPages || tags.size > maxTags || tags.size === before) {
      throw corrupt(place, 'the list of tags does not end');
    }
    query = page.next;
  }
}

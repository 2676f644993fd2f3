// What an export takes straight from other registries, named on the command line or by a file of rules.
// Rules for one repository are one item.
import type { RepositoryName } from '@portolan/oci';
import { mirrorError } from '../errors.ts';
import type { UpstreamRepository } from '../names/upstream-name.ts';
import type { SourceRepository } from '../places/place.ts';
import type { RequestedRule } from '../rules/rules-file.ts';
import { requestRule } from '../rules/rules-file.ts';
import { parsePlatform } from '../selection/platform.ts';
import { findImages } from '../sync/rule-images.ts';
import type { FailedReference } from './export-plan.ts';
import type { ExportItem } from './reference-content.ts';
import { formatReferenceName } from './reference-name.ts';

export interface UpstreamItems {
  readonly items: readonly ExportItem[];
  readonly failed: readonly FailedReference[];
}

export interface UpstreamItemsDeps {
  readonly openUpstream: (upstream: UpstreamRepository) => Promise<SourceRepository>;
  readonly signal: AbortSignal;
}

/** A name without a tag means every tag, as in a rule. @throws MirrorError `request-invalid` */
export function rulesOfNames(names: readonly string[]): readonly RequestedRule[] {
  return names.map((name) => requestRule(name, undefined, { referrers: true }));
}

async function itemOf(
  { upstream, destination, settings }: RequestedRule,
  { openUpstream, signal }: UpstreamItemsDeps,
): Promise<UpstreamItems> {
  const source = await openUpstream(upstream);
  const { images, missing, all } = await findImages(source, settings, signal);
  const failed = missing.map((tag) => ({
    name: formatReferenceName({ repository: destination, reference: { kind: 'tag', tag } }),
    error: mirrorError('upstream-absent', `${source.name} has no tag ${tag}`, { tag }),
  }));
  const item: ExportItem = {
    repository: destination,
    source,
    references: images.map(({ reference }) => reference),
    ...(all === undefined ? {} : { tagsAtSource: all }),
    platforms: settings.platforms?.map(parsePlatform),
    mayBeSparse: false,
  };
  return { items: [item], failed };
}

/** @throws MirrorError `request-invalid`; an upstream that cannot be listed is one failure */
export async function upstreamItems(
  rules: readonly RequestedRule[],
  deps: UpstreamItemsDeps,
): Promise<UpstreamItems> {
  const items: ExportItem[] = [];
  const failed: FailedReference[] = [];
  for (const rule of rules) {
    const name: RepositoryName = rule.destination;
    try {
      const found = await itemOf(rule, deps);
      items.push(...found.items);
      failed.push(...found.failed);
    } catch (error) {
      deps.signal.throwIfAborted();
      failed.push({ name, error });
    }
  }
  return { items, failed };
}

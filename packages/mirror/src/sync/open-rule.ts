// What a run of a rule begins with, and so does its plan: the images, what is remembered of them, and how
// far down each is looked at.
import type { MirrorRule } from '@portolan/storage';
import { parseRuleSettings, type RuleSettings } from '../rules/rule-settings.ts';
import { type Narrowing, narrowingOf } from '../rules/select-rules.ts';
import type { ReferenceSelector } from '../selection/selectors.ts';
import { countRequests, type CountingSource } from './counting-source.ts';
import { recentRuns } from './recent-runs.ts';
import { findImages, narrowImages, type RuleImages } from './rule-images.ts';
import type { SyncDeps } from './sync-deps.ts';
import { openTagNotes, type TagNotes } from './tag-notes.ts';
import { isThoroughDue } from './thorough-runs.ts';

export interface RuleScope {
  /** Tags that were checked so long ago are not checked again; 0 checks all. */
  readonly freshForMs: number;
  /** Looks below unchanged tags too; the daily default is undefined. */
  readonly isThorough: boolean | undefined;
  /** Only these images; such a run says nothing about the rule as a whole. */
  readonly selector?: ReferenceSelector | undefined;
  readonly signal: AbortSignal;
}

export interface OpenedRule {
  readonly source: CountingSource;
  readonly settings: RuleSettings;
  readonly images: RuleImages;
  readonly notes: TagNotes;
  readonly isThorough: boolean;
  readonly narrowing: Narrowing | undefined;
  /** Tags that were checked since then are left alone (ms). */
  readonly freshSince: number;
}

/** @throws whatever the upstream answers to a listing */
export async function openRule(
  deps: SyncDeps,
  rule: MirrorRule,
  scope: RuleScope,
): Promise<OpenedRule> {
  const { stores, openSource, clock } = deps;
  const settings = parseRuleSettings(rule.settings);
  const source = countRequests(await openSource(rule));
  const narrowing = narrowingOf(rule, scope.selector);
  const images = narrowImages(await findImages(source, settings, scope.signal), narrowing);
  const notes = await openTagNotes(stores.mirrorTags, rule.id, clock);
  const runs = await recentRuns(deps, rule);
  const isThorough = scope.isThorough ?? isThoroughDue(rule, runs, clock());
  const freshSince = clock() - scope.freshForMs;
  return { settings, source, images, notes, isThorough, narrowing, freshSince };
}

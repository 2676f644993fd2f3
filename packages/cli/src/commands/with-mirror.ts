// The mirror for commands: opened over the data directory, closed with its connections.
import type { Mirror, ReferenceSelector, Upstreams } from '@portolan/mirror';
import { DomainError } from '@portolan/oci';
import type { MirrorRule, Storage } from '@portolan/storage';
import { setTimeout as sleep } from 'node:timers/promises';
import { EXIT } from '../terminal/exit-codes.ts';
import { CommandFailure } from '../terminal/explain-failure.ts';
import type { CommandContext } from './context.ts';
import { spareMemory } from './spare-memory.ts';
import { type StopSignal, stopSignal } from './stop-signal.ts';
import { withStores } from './with-accounts.ts';
import { openUpstreams } from './with-upstreams.ts';

export interface OpenMirror {
  readonly mirror: Mirror;
  readonly storage: Storage;
  /** Fires at Ctrl-C. */
  readonly signal: AbortSignal;
}

/** Puts something between the mirror and what is known of its upstreams. */
export type WrapUpstreams = (upstreams: Upstreams) => Upstreams;

async function openMirror(
  context: CommandContext,
  storage: Storage,
  wrap: WrapUpstreams,
): Promise<Mirror> {
  const { createMirror } = await import('@portolan/mirror');
  const { egress, clock, randomId, actor } = context;
  return createMirror({
    storage,
    upstreams: wrap(await openUpstreams(storage)),
    egress,
    clock,
    random: Math.random,
    sleep: (ms, signal) => sleep(ms, undefined, { signal }),
    randomId,
    actor,
  });
}

export async function withMirror<T>(
  context: CommandContext,
  work: (open: OpenMirror) => Promise<T>,
  wrap: WrapUpstreams = (upstreams) => upstreams,
): Promise<T> {
  spareMemory();
  return await withStores(context, async (storage) => {
    const mirror = await openMirror(context, storage, wrap);
    const stop: StopSignal = stopSignal();
    try {
      return await work({ mirror, storage, signal: stop.signal });
    } finally {
      stop.end();
      await mirror.close();
    }
  });
}

export interface SelectedRules {
  readonly rules: readonly MirrorRule[];
  /** May mean some images of them alone. */
  readonly selector: ReferenceSelector;
}

/**
 * @param more said after what to do when nothing matched
 * @throws CommandFailure with the code for "nothing matched"; MirrorError `request-invalid`
 */
export async function findRules(
  storage: Storage,
  selectors: readonly string[],
  more = '',
): Promise<SelectedRules> {
  const { parseSelectors, selectRules } = await import('@portolan/mirror');
  const selector = parseSelectors(selectors);
  const rules = await storage.mirrorRules.list();
  const selected = selectRules(rules, selector);
  if (selected.length > 0) return { rules: selected, selector };
  if (rules.length === 0) {
    const hint = 'Make one with `portolan mirror add docker.io/library/busybox`.';
    throw new CommandFailure('there is no mirror rule yet', EXIT.notFound, { hint });
  }
  const hint = `\`portolan mirror list\` shows those that there are.${more}`;
  const message = `no mirror rule is called ${selectors.join(' or ')}`;
  throw new CommandFailure(message, EXIT.notFound, { hint });
}

/** @throws DomainError `request-invalid` when it is not exactly one, or only some of its images */
export async function findOneRule(storage: Storage, name: string): Promise<MirrorRule> {
  const { narrowingOf } = await import('@portolan/mirror');
  const { rules, selector } = await findRules(storage, [name]);
  const [rule, ...others] = rules;
  if (rule === undefined || others.length > 0) {
    throw new DomainError('request-invalid', `${name} means several rules`, {
      rules: rules.map(({ destination }) => destination).join(', '),
      hint: 'name one by its destination',
    });
  }
  if (narrowingOf(rule, selector) === undefined) return rule;
  throw new DomainError('request-invalid', `${name} means an image, and here a rule is meant`, {
    hint: `leave the tag out: ${rule.destination}`,
  });
}

// Which rules a selector means, and how much of each. A rule answers to two names: its destination here,
// and the repository upstream.
import type { Reference, Tag } from '@portolan/oci';
import type { MirrorRule } from '@portolan/storage';
import type { ReferenceSelector } from '../selection/selectors.ts';

function namesOf({ upstream, path, destination }: MirrorRule): readonly string[] {
  return [destination, `${upstream}/${path}`];
}

export function selectRules(
  rules: readonly MirrorRule[],
  selector: ReferenceSelector,
): readonly MirrorRule[] {
  return rules.filter((rule) => namesOf(rule).some((name) => selector.matchesRepository(name)));
}

/** Whether an image of the rule is meant. */
export type Narrowing = (image: { readonly tag: Tag; readonly reference?: Reference }) => boolean;

/** Undefined where all of the rule is meant. */
export function narrowingOf(
  rule: MirrorRule,
  selector: ReferenceSelector | undefined,
): Narrowing | undefined {
  const names = namesOf(rule);
  if (selector === undefined || names.some((name) => selector.takesWhole(name))) return undefined;
  return ({ tag, reference }) =>
    names.some(
      (repository) =>
        selector.matches({ repository, reference: { kind: 'tag', tag } }) ||
        (reference !== undefined && selector.matches({ repository, reference })),
    );
}

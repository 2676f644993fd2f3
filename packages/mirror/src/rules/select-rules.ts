// Rules by what people call them: the destination, the upstream's name in any spelling, or a glob over
// either: `*` is within one path part, `**` across them; a host alone is all that comes from it.
import { DomainError } from '@portolan/oci';
import type { MirrorRule } from '@portolan/storage';
import { parseUpstreamName } from '../names/upstream-name.ts';
import { parseGlob } from '../selection/glob.ts';

/** `busybox` is `docker.io/library/busybox`. */
function canonical(text: string): string | undefined {
  try {
    const { host, path } = parseUpstreamName(text);
    return `${host}/${path}`;
  } catch (error) {
    if (error instanceof DomainError) return undefined;
    throw error;
  }
}

function selects(selector: string): (rule: MirrorRule) => boolean {
  const matches = parseGlob(selector);
  const name = /[*?]/.test(selector) ? undefined : canonical(selector);
  return ({ upstream, path, destination }) => {
    const source = `${upstream}/${path}`;
    return matches(destination) || matches(source) || upstream === selector || source === name;
  };
}

/** Without a selector, all. */
export function selectRules(
  rules: readonly MirrorRule[],
  selectors: readonly string[],
): readonly MirrorRule[] {
  if (selectors.length === 0) return rules;
  const tests = selectors.map(selects);
  return rules.filter((rule) => tests.some((matches) => matches(rule)));
}

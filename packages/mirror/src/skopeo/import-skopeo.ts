// Rules from skopeo's YAML source file.
import { formatUpstreamName } from '../names/upstream-name.ts';
import { type ImportedConfig, type ImportedRule, mergeRules } from './imported-rules.ts';
import { parseSkopeoSource, type SkopeoRegistry, type SkopeoRepository } from './yaml-source.ts';

function ruleOf({ upstream, selection }: SkopeoRepository): ImportedRule {
  const from = formatUpstreamName(upstream);
  if (selection.kind === 'all') return { from };
  if (selection.kind !== 'listed') {
    const { kind, text } = selection;
    return kind === 'regex' ? { from, regex: [text] } : { from, semver: text };
  }
  const { references } = selection;
  return {
    from,
    tags: references.flatMap((one) => (one.kind === 'tag' ? [one.tag] : [])),
    digests: references.flatMap((one) => (one.kind === 'digest' ? [one.digest] : [])),
  };
}

/** They belong to the upstream here, and not to the rule. */
function settingsOf({ host, credentials, verifiesTls, certDirectory }: SkopeoRegistry): string[] {
  const where = `set it for the upstream ${host}`;
  return [
    ...(credentials === undefined ? [] : [`${host}.credentials: not taken over; ${where}`]),
    ...(verifiesTls === undefined ? [] : [`${host}.tls-verify: not taken over; ${where}`]),
    ...(certDirectory === undefined ? [] : [`${host}.cert-dir: not taken over; ${where}`]),
  ];
}

export function importSkopeo(text: string): ImportedConfig {
  const { registries, problems: mistakes } = parseSkopeoSource(text);
  const problems = [...mistakes];
  const rules = registries.flatMap(({ repositories }) => repositories.map(ruleOf));
  const notes = registries.flatMap(settingsOf);
  return { format: 'skopeo', rules: mergeRules(rules, problems), problems, notes };
}

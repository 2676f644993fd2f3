// Rules from lstags' YAML: `lstags.repositories`, each entry `[REGISTRY/]REPOSITORY` with one of
// `:TAG`, `=TAG1,TAG2` and `~/EXPRESSION/`; its README also allows the last two together.
import { DomainError, Tag } from '@portolan/oci';
import { formatUpstreamName, parseUpstreamName } from '../names/upstream-name.ts';
import { parseExpression } from '../selection/expression.ts';
import { type ImportedConfig, type ImportedRule, mergeRules } from './imported-rules.ts';
import { isMap, unknownKeys, type YamlMap } from './yaml-text.ts';

const ENTRY = /^([^~=]+?)(?:~\/(.*)\/)?(?:=([^=~/]+))?$/;

/** @throws DomainError */
function readEntry(text: string): ImportedRule {
  const [, name = text, expression, list] = ENTRY.exec(text.trim()) ?? [];
  const { reference, ...upstream } = parseUpstreamName(name);
  const tags = list === undefined ? [] : list.split(',').map((tag) => Tag.parse(tag.trim()));
  if (reference?.kind === 'tag') tags.unshift(reference.tag);
  if (expression !== undefined) parseExpression(expression);
  return {
    from: formatUpstreamName(upstream),
    tags,
    digests: reference?.kind === 'digest' ? [reference.digest] : [],
    regex: expression === undefined || expression === '.*' ? [] : [expression],
  };
}

export function importLstags(document: YamlMap): ImportedConfig {
  const section = document['lstags'];
  const notes = unknownKeys(document, ['lstags']).map((key) => `${key}: is not lstags'`);
  const problems: string[] = [];
  const rules: ImportedRule[] = [];
  const repositories = isMap(section) ? section['repositories'] : undefined;
  if (isMap(section)) {
    const others = unknownKeys(section, ['repositories']);
    notes.push(...others.map((key) => `lstags.${key}: has no counterpart`));
  }
  if (!Array.isArray(repositories) || repositories.length === 0) {
    problems.push('lstags.repositories: is not a list of repositories');
    return { format: 'lstags', rules, problems, notes };
  }
  for (const [i, entry] of (repositories as readonly unknown[]).entries()) {
    try {
      rules.push(readEntry(String(entry)));
    } catch (error) {
      if (!(error instanceof DomainError)) throw error;
      problems.push(`lstags.repositories[${i}] (${String(entry)}): ${error.message}`);
    }
  }
  return { format: 'lstags', rules: mergeRules(rules, problems), problems, notes };
}

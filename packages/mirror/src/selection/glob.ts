// Globs over names: `*` and `?` stay within one part of a path, `**` crosses them. In time linear in the
// name, whatever the glob.
import { RE2JS } from 're2js';

const WILDCARD = /(\*\*|\*|\?)/;
const PATTERNS: Readonly<Record<string, string>> = { '**': '.*', '*': '[^/]*', '?': '[^/]' };

export function parseGlob(glob: string): (name: string) => boolean {
  const parts = glob.split(WILDCARD).map((part) => PATTERNS[part] ?? RE2JS.quote(part));
  const expression = RE2JS.compile(`^(?:${parts.join('')})$`);
  return (name) => expression.test(name);
}

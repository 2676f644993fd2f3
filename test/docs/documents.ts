// The documents of the repository: every Markdown file that is not somebody else's.
import { readdirSync, readFileSync } from 'node:fs';
import { join, relative, resolve } from 'node:path';

export const ROOT = resolve(import.meta.dirname, '../..');

const SKIPPED = new Set(['node_modules', '.git', 'data']);

function findMarkdown(directory: string): string[] {
  return readdirSync(directory, { withFileTypes: true }).flatMap((entry) => {
    if (SKIPPED.has(entry.name)) return [];
    const path = join(directory, entry.name);
    if (entry.isDirectory()) return findMarkdown(path);
    return entry.name.endsWith('.md') ? [path] : [];
  });
}

/** Paths from the root, such as `docs/air-gap.md`. */
export const DOCUMENTS: readonly string[] = findMarkdown(ROOT)
  .map((path) => relative(ROOT, path))
  .toSorted();

export function readDocument(path: string): string {
  return readFileSync(join(ROOT, path), 'utf8');
}

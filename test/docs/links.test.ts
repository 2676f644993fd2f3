// What is true of every document: its links lead somewhere, and each of its command blocks is run by a test
// or says why not.
import { existsSync } from 'node:fs';
import { dirname, join, normalize } from 'node:path';
import { describe, expect, test } from 'vitest';
import { findUnmarkedBlocks } from './command-blocks.ts';
import { DOCUMENTS, readDocument, ROOT } from './documents.ts';

const LINK = /\]\((?<target>[^)\s]+)\)/g;
const FENCED = /^ *```.*?^ *```$/gms;

/** As GitHub and others make them. */
function anchorOf(heading: string): string {
  return heading
    .trim()
    .toLowerCase()
    .replaceAll(/[^\p{L}\p{N}\s_-]/gu, '')
    .replaceAll(' ', '-');
}

function anchorsOf(text: string): ReadonlySet<string> {
  const headings = text.replaceAll(FENCED, '').matchAll(/^#+ (.+)$/gm);
  return new Set([...headings].map(([, heading = '']) => anchorOf(heading)));
}

/** Those that lead nowhere. */
function brokenLinks(document: string): string[] {
  const text = readDocument(document);
  const targets = [...text.replaceAll(FENCED, '').matchAll(LINK)]
    .map(({ groups = {} }) => groups['target'] ?? '')
    .filter((target) => !/^[a-z]+:/.test(target));
  return targets.filter((target) => {
    const [path = '', anchor] = target.split('#');
    const file = path === '' ? document : normalize(join(dirname(document), path));
    if (!existsSync(join(ROOT, file))) return true;
    return anchor !== undefined && !anchorsOf(readDocument(file)).has(anchor);
  });
}

describe.each(DOCUMENTS)('%s', (document) => {
  test('has links that lead somewhere', () => {
    expect(brokenLinks(document)).toEqual([]);
  });

  test('says of each command block what runs it, or why nothing does', () => {
    expect(findUnmarkedBlocks(readDocument(document))).toEqual([]);
  });
});

test('the index of docs/ names every document in it', () => {
  const index = readDocument('docs/README.md');
  const documents = DOCUMENTS.filter((path) => /^docs\/(?!README)/.test(path));
  expect(documents.filter((path) => !index.includes(`(${path.slice('docs/'.length)}`))).toEqual([]);
});

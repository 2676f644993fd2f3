// Reads the YAML file as flat entries, `storage.disk_floor`, each with the line it stands on.
import { readFileSync } from 'node:fs';
import { type Document, isMap, isScalar, LineCounter, type Node, parseDocument } from 'yaml';
import { readFailure } from '../terminal/file-failure.ts';
import type { Origin, SettingsProblem } from './settings-problem.ts';

export interface FileEntry {
  readonly key: string;
  readonly value: unknown;
  readonly origin: Origin;
}

export interface SettingsFile {
  readonly entries: readonly FileEntry[];
  readonly problems: readonly SettingsProblem[];
}

interface Source {
  readonly file: string;
  readonly document: Document;
  readonly lines: LineCounter;
}

function placeOf(node: unknown, { file, lines }: Source): string {
  const offset = (node as Node | null)?.range?.[0];
  return offset === undefined ? file : `${file}, line ${lines.linePos(offset).line}`;
}

function flatten(node: unknown, prefix: string, source: Source): FileEntry[] {
  if (!isMap(node)) return [];
  return node.items.flatMap(({ key: keyNode, value }) => {
    const key = prefix + (isScalar(keyNode) ? String(keyNode.value) : '?');
    if (isMap(value)) return flatten(value, `${key}.`, source);
    const plain: unknown = (value as Node | null)?.toJS(source.document);
    return [{ key, value: plain, origin: { name: key, place: placeOf(keyNode, source) } }];
  });
}

function failure(file: string, text: string): SettingsFile {
  return { entries: [], problems: [{ origin: { name: file, place: 'settings file' }, text }] };
}

export function readSettingsFile(file: string): SettingsFile {
  let content: string;
  try {
    content = readFileSync(file, 'utf8');
  } catch (error) {
    const { hint } = readFailure(file, error);
    return failure(file, `cannot be read: ${hint.replaceAll('\n', ' ')}`);
  }
  const lines = new LineCounter();
  const document = parseDocument(content, { lineCounter: lines, prettyErrors: false });
  const [error] = document.errors;
  if (error !== undefined) {
    const { line } = lines.linePos(error.pos[0]);
    return failure(file, `is not YAML: ${error.message} (line ${line}).`);
  }
  if (document.contents !== null && !isMap(document.contents)) {
    return failure(file, 'is not a list of settings. Write one `key: value` a line.');
  }
  return { entries: flatten(document.contents, '', { file, document, lines }), problems: [] };
}

// The facts of a failure as lines: sizes and times as people read them, a list with a line for each entry.
import { formatBytes } from './format-bytes.ts';

/** `madeAgainst` is `made against`. */
function label(key: string): string {
  return key.replaceAll(/([a-z0-9])([A-Z])/g, '$1 $2').toLowerCase();
}

function text(value: unknown): string {
  return typeof value === 'string' ? value : JSON.stringify(value);
}

function linesOf(key: string, value: unknown): string[] {
  if (Array.isArray(value)) {
    return [`${label(key)}:`, ...value.map((entry) => `  ${text(entry)}`)];
  }
  if (typeof value === 'number' && key.endsWith('Bytes')) {
    return [`${label(key.slice(0, -'Bytes'.length))}: ${formatBytes(value)}`];
  }
  if (typeof value === 'number' && key.endsWith('At')) {
    return [`${label(key)}: ${new Date(value).toISOString()}`];
  }
  return [`${label(key)}: ${text(value)}`];
}

export function factLines(facts: Readonly<Record<string, unknown>>): readonly string[] {
  return Object.entries(facts).flatMap(([key, value]) =>
    value === undefined ? [] : linesOf(key, value),
  );
}

// SHA256SUMS, in the format of coreutils: 64 hex digits, two spaces, the name.
import { mirrorError } from '../errors.ts';
import { isCoveredFile, SUMS_FILE } from './layout.ts';

/** Path below the bundle's directory → SHA-256 in hex. */
export type Sums = ReadonlyMap<string, string>;

const LINE = /^([0-9a-f]{64}) [ *](.+)$/;

export function formatSums(sums: Sums): string {
  return [...sums]
    .sort(([a], [b]) => (a < b ? -1 : 1))
    .map(([path, sum]) => `${sum}  ${path}\n`)
    .join('');
}

function invalid(line: string, problem: string): never {
  throw mirrorError('bundle-invalid', `${SUMS_FILE} is not what a bundle has`, {
    file: SUMS_FILE,
    line: line.slice(0, 300),
    problem,
  });
}

/** @throws MirrorError `bundle-invalid` also for a name that no file of a bundle has: it is never opened */
export function parseSums(text: string): Sums {
  const sums = new Map<string, string>();
  const lines = text.split('\n');
  if (lines.pop() !== '') invalid(lines.at(-1) ?? '', 'the last line is cut off');
  for (const line of lines) {
    const [, sum, path] = LINE.exec(line) ?? [];
    if (sum === undefined || path === undefined) return invalid(line, 'is no sum and name');
    if (!isCoveredFile(path)) return invalid(line, 'names a file that a bundle does not have');
    if (sums.has(path)) return invalid(line, 'names a file twice');
    sums.set(path, sum);
  }
  return sums;
}

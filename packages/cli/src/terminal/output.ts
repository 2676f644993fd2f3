// Answers of commands: data to stdout as an aligned table or as JSON, sentences to stderr.
import { DomainError } from '@portolan/oci';
import { formatBytes } from './format-bytes.ts';
import { printable, printableJson, printableLines } from './printable.ts';

export type OutputFormat = 'table' | 'json';

export interface OutputPart {
  readonly key: string;
  readonly rows: readonly Readonly<Record<string, unknown>>[];
  readonly columns: readonly string[];
}

/** Data goes to stdout as a table or JSON (`--output`); everything else to stderr. */
export interface Output {
  /**
   * A list; `columns` are the keys that a table shows, in order. JSON has them all. A terminal that the
   * table does not fit gets the text of `narrow`, where there is one.
   */
  rows(
    rows: readonly Readonly<Record<string, unknown>>[],
    columns: readonly string[],
    narrow?: (width: number) => string,
  ): void;
  /** One thing, all keys. */
  record(record: Readonly<Record<string, unknown>>): void;
  /** One thing that has others; JSON has them under `key`. */
  recordWithRows(record: Readonly<Record<string, unknown>>, part: OutputPart): void;
  /** One thing for programs, a text for people; how wide their terminal is, if they have one, is told. */
  report(
    record: Readonly<Record<string, unknown>>,
    text: (width: number | undefined) => string,
  ): void;
  /** Something is done and nothing is left to show: for people a sentence on stderr. */
  done(record: Readonly<Record<string, unknown>>, sentence: string): void;
  /** Text that is the answer itself, such as a PEM file: to stdout as it is, in either format. */
  text(text: string): void;
  /** What is no text, for another program. @throws DomainError `request-invalid` on a terminal */
  bytes(bytes: Uint8Array): void;
  /** A sentence for the person at the terminal, on stderr. */
  note(text: string): void;
}

export interface OutputStreams {
  readonly stdout: {
    write(data: string | Uint8Array): unknown;
    readonly isTTY?: boolean | undefined;
    readonly columns?: number | undefined;
  };
  readonly stderr: { write(text: string): unknown };
}

type Row = Readonly<Record<string, unknown>>;
type Narrow = (width: number) => string;

/** Undefined where there is no terminal. */
function widthOf({ isTTY, columns }: OutputStreams['stdout']): number | undefined {
  // Some terminals over a serial line say 0.
  return isTTY === true ? columns || 80 : undefined;
}

function cell(value: unknown): string {
  if (value === undefined || value === null || value === '') return '-';
  if (typeof value === 'boolean') return value ? 'yes' : 'no';
  if (Array.isArray(value)) return value.length === 0 ? '-' : value.map(cell).join(', ');
  if (typeof value === 'object') {
    return cell(Object.entries(value).map(([key, part]) => `${key} (${cell(part)})`));
  }
  return printable(typeof value === 'string' ? value : JSON.stringify(value));
}

/** Sizes are numbers for programs, and have a unit for people. */
function cellOf(row: Row, key: string): string {
  const value = row[key];
  if (typeof value !== 'number') return cell(value);
  if (key === 'bytes') return formatBytes(value);
  return key === 'bytesPerSecond' ? `${formatBytes(value)}/s` : cell(value);
}

const HEADINGS: Readonly<Record<string, string>> = { bytes: 'SIZE', bytesPerSecond: 'BANDWIDTH' };

/** `createdAt` is CREATED AT. */
function heading(key: string): string {
  return HEADINGS[key] ?? key.replaceAll(/([a-z0-9])([A-Z])/g, '$1 $2').toUpperCase();
}

function align(lines: readonly (readonly string[])[]): string {
  const widths: number[] = [];
  for (const line of lines) {
    for (const [index, text] of line.entries()) {
      widths[index] = Math.max(widths[index] ?? 0, text.length);
    }
  }
  return lines
    .map((line) => line.map((text, index) => text.padEnd(widths[index] ?? 0)).join('  '))
    .map((line) => `${line.trimEnd()}\n`)
    .join('');
}

export function createOutput(format: OutputFormat, { stdout, stderr }: OutputStreams): Output {
  const json = (value: unknown): void => {
    stdout.write(`${printableJson(JSON.stringify(value, null, 2))}\n`);
  };
  const table = {
    rows(rows: readonly Row[], columns: readonly string[], narrow?: Narrow): void {
      const lines = rows.map((row) => columns.map((key) => cellOf(row, key)));
      const text = align([columns.map(heading), ...lines]);
      const width = widthOf(stdout);
      const isNarrow = width !== undefined && text.split('\n').some((line) => line.length > width);
      stdout.write(isNarrow && narrow !== undefined ? printableLines(narrow(width)) : text);
    },
    record(record: Row): void {
      stdout.write(align(Object.keys(record).map((key) => [heading(key), cellOf(record, key)])));
    },
  };
  const note = (text: string): void => {
    stderr.write(`${printableLines(text)}\n`);
  };
  return {
    ...(format === 'table' ? table : { rows: json, record: json }),
    recordWithRows(record, { key, rows, columns }) {
      if (format === 'json') return json({ ...record, [key]: rows });
      table.record(record);
      stdout.write('\n');
      table.rows(rows, columns);
    },
    report(record, text) {
      if (format === 'json') json(record);
      else stdout.write(printableLines(text(widthOf(stdout))));
    },
    text: (text) => {
      stdout.write(text.endsWith('\n') ? text : `${text}\n`);
    },
    bytes(bytes) {
      if (stdout.isTTY === true) {
        const hint = 'redirect it to a file, or pipe it into another program';
        throw new DomainError('request-invalid', 'this is not for a terminal', { hint });
      }
      stdout.write(bytes);
    },
    done(record, sentence) {
      if (format === 'json') json(record);
      else note(sentence);
    },
    note,
  };
}

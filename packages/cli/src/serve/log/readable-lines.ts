// Log lines for a person: time, level, message, and what an error says.
import { printable } from '../../terminal/printable.ts';

const LEVELS: Readonly<Record<number, string>> = {
  10: 'trace',
  20: 'debug',
  30: 'info',
  40: 'warning',
  50: 'error',
  60: 'fatal',
};

interface LogRecord {
  readonly level: number;
  readonly time: number;
  readonly msg?: string;
  readonly err?: { readonly message?: string; readonly stack?: string };
  readonly [field: string]: unknown;
}

const HIDDEN = new Set(['level', 'time', 'msg', 'pid', 'err']);

function line(record: LogRecord): string {
  const time = new Date(record.time).toTimeString().slice(0, 8);
  const fields = Object.entries(record)
    .filter(([key]) => !HIDDEN.has(key))
    .map(([key, value]) => `${key}=${typeof value === 'string' ? value : JSON.stringify(value)}`);
  const reason = record.err?.message === undefined ? [] : [`(${record.err.message})`];
  const level = LEVELS[record.level] ?? String(record.level);
  // A path or a header's text may be among them.
  return printable([time, level, record.msg ?? '', ...reason, ...fields].join(' '));
}

/** A destination for pino. */
export function createReadableLines(stream: { write(text: string): unknown }): {
  write(json: string): void;
} {
  return {
    write(json) {
      stream.write(`${line(JSON.parse(json) as LogRecord)}\n`);
    },
  };
}

// What every command gets: the settings, the stores, and where its answer goes.
import type { Storage } from '@portolan/storage';

/** Data goes to stdout as a table or JSON (`--output`); everything else to stderr. */
export interface Output {
  /** A list; `columns` are the keys that a table shows, in order. JSON has them all. */
  rows(rows: readonly Readonly<Record<string, unknown>>[], columns: readonly string[]): void;
  /** One thing, all keys. */
  record(record: Readonly<Record<string, unknown>>): void;
  /** Text that is the answer itself, such as a PEM file: to stdout as it is, in either format. */
  text(text: string): void;
  /** A sentence for the person at the terminal, on stderr. */
  note(text: string): void;
}

export interface CommandContext {
  readonly dataDirectory: string;
  /** `cli:<name of the operating system's user>`, for the audit log. */
  readonly actor: string;
  readonly output: Output;
  readonly clock: () => number;
  readonly randomId: () => string;
  /** All of stdin, for `--password-stdin`. */
  readStdin(): Promise<string>;
  /** Opens the data directory, runs `work`, closes it. Works beside a running server. */
  withStorage<T>(work: (storage: Storage) => Promise<T>): Promise<T>;
}

// An output that remembers what is told on stderr, for what tells its progress there.
import type { Output } from '../../src/terminal/output.ts';

export interface NotedOutput {
  readonly output: Output;
  readonly notes: readonly string[];
}

const nothing = (): void => undefined;

export function createNotedOutput(): NotedOutput {
  const notes: string[] = [];
  return {
    notes,
    output: {
      rows: nothing,
      record: nothing,
      recordWithRows: nothing,
      report: nothing,
      done: nothing,
      text: nothing,
      bytes: nothing,
      note: (text) => void notes.push(text),
    },
  };
}

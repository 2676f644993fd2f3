// What was found in the database, remembered while the `content` generation stands still: in any
// process, that moves with every tag that moves and with everything readable that goes. Only what was
// found is kept, so that what is new needs no signal.
import type { Generations } from './generations.ts';

export interface ContentCache<Value> {
  /** What is known under the key in the present generation, or else what `query` finds. */
  find(key: string, query: () => Promise<Value | undefined>): Promise<Value | undefined>;
  forget(key: string): void;
}

const MAX_ENTRIES = 20_000;

export function createContentCache<Value>(generations: Generations): ContentCache<Value> {
  let entries = new Map<string, Value>();
  let generation = -1;
  return {
    async find(key, query) {
      // Asked before the rows: what is read may then be newer than it claims to be, never older.
      const { content } = await generations.current();
      if (content !== generation || entries.size >= MAX_ENTRIES) {
        entries = new Map();
        generation = content;
      }
      const known = entries.get(key);
      if (known !== undefined) return known;
      // The map of the generation that was asked for; when the answer is there, another may be in use.
      const own = entries;
      const found = await query();
      if (found !== undefined) own.set(key, found);
      return found;
    },
    forget(key) {
      entries.delete(key);
    },
  };
}

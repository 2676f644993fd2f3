// What every store is made from. Each store is a factory `create…Store(deps)` beside its interface.
import type { Clock, RandomId } from './clock.ts';
import type { Database } from './database/database.ts';
import type { Generations } from './database/generations.ts';
import type { StorageTimes } from './storage-times.ts';

export interface StoreDeps {
  readonly database: Database;
  readonly generations: Generations;
  readonly clock: Clock;
  readonly randomId: RandomId;
  readonly times: StorageTimes;
}

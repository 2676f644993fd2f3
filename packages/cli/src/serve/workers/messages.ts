// What the primary and its workers say to each other.
import type { ListenAddress } from '../../config/listen-address.ts';
import type { ServeSettings } from '../../config/serve-settings.ts';
import type { Failure } from '../../terminal/explain-failure.ts';
import type { Snapshot } from '../metrics/snapshot.ts';

export type ToWorker =
  | {
      readonly type: 'start';
      readonly settings: ServeSettings;
      readonly listen: readonly ListenAddress[];
      readonly ticketSecret: string;
      readonly isTerminal: boolean;
    }
  | { readonly type: 'drain' }
  /** Wants the worker's metrics. */
  | { readonly type: 'metrics' };

export type FromWorker =
  | { readonly type: 'ready'; readonly addresses: readonly ListenAddress[] }
  | { readonly type: 'failed'; readonly failure: Failure }
  | { readonly type: 'metrics'; readonly snapshot: Snapshot };

// What the primary and its workers say to each other.
import type { ListenAddress } from '../config/listen-address.ts';
import type { ServeSettings } from '../config/serve-settings.ts';

export type ToWorker =
  | {
      readonly type: 'start';
      readonly settings: ServeSettings;
      readonly listen: ListenAddress;
      readonly isTerminal: boolean;
    }
  | { readonly type: 'drain' };

export type FromWorker =
  | { readonly type: 'ready'; readonly address: ListenAddress }
  | { readonly type: 'failed'; readonly text: string };

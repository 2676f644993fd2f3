// What the store tells about its own work, as plain facts, to whoever wants to count them. Nobody needs
// to: a store without an observer does the same.

/** The words of distribution's storage drivers, since they do the same. */
export type FileAction = 'GetContent' | 'Reader' | 'Writer' | 'Stat' | 'Move' | 'Delete';

export type StorageObservation =
  | { readonly kind: 'file'; readonly action: FileAction; readonly durationMs: number }
  /** Of several transactions together, when they came together. */
  | { readonly kind: 'commit'; readonly durationMs: number };

/** Must neither throw nor wait. */
export type ObserveStorage = (observation: StorageObservation) => void;

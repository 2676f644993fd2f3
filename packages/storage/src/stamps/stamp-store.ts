// Whether rights that were stamped into a token still stand. One or two reads by key; whoever asks on
// every request remembers the answer while the access generation stands still.
import type { AccessStamp } from '@portolan/oci';
import type { StoreDeps } from '../store-deps.ts';
import { isStampCurrent } from './is-stamp-current.ts';

export interface StampStore {
  /**
   * Whether nothing that the stamped rights were computed from has changed: the subject is there,
   * enabled and of the same generation, and each namespace is the same row of the same generation.
   */
  isCurrent(stamp: AccessStamp): Promise<boolean>;
}

export function createStampStore({ database: { read } }: StoreDeps): StampStore {
  return { isCurrent: (stamp) => isStampCurrent(read, stamp) };
}

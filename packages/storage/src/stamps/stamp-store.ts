import type { AccessStamp } from '@portolan/oci';

export interface StampStore {
  /**
   * Whether nothing that the stamped rights were computed from has changed: the subject is there,
   * enabled and of the same generation, and each namespace is the same row of the same generation.
   */
  isCurrent(stamp: AccessStamp): Promise<boolean>;
}

/** Inclusive, as in RFC 9110 §14.1.2; within the blob. */
export interface ByteRange {
  readonly start: number;
  readonly end: number;
}

// The one source of unguessable ids. Entropy is drawn in blocks: a request id for each request would
// otherwise cost a call into the operating system each time (6 % of a manifest GET).
import { randomFillSync } from 'node:crypto';

const ID_BYTES = 16;
const block = Buffer.alloc(256 * ID_BYTES);
let used = block.length;

/** 128 random bits as 32 hex digits. No bit of a block is given out twice. */
export function randomId(): string {
  if (used === block.length) {
    randomFillSync(block);
    used = 0;
  }
  const id = block.toString('hex', used, used + ID_BYTES);
  // What has been given out does not stay readable in memory here.
  block.fill(0, used, used + ID_BYTES);
  used += ID_BYTES;
  return id;
}

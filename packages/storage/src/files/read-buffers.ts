// Memory for large reads. 512 KiB reads give twice the throughput of 64 KiB ones, and larger ones no
// more. A stalled client holds two of them, so with many streams each gets less.

const MAX_READ_BYTES = 512 * 1024;
const MIN_READ_BYTES = 64 * 1024;
const ALL_STREAMS_BYTES = 16 * 1024 * 1024;
/** Kept for the next stream: fresh memory has to be zeroed by the kernel page by page. */
const MAX_KEPT = 8;

const kept: Buffer[] = [];
let openStreams = 0;

export function noteStreamOpened(): void {
  openStreams++;
}

export function noteStreamClosed(): void {
  openStreams--;
}

/** For at most `wanted` bytes; its content is whatever was there before. */
export function takeBuffer(wanted: number): Buffer {
  const share = Math.floor(ALL_STREAMS_BYTES / Math.max(openStreams, 1));
  const size = Math.min(wanted, MAX_READ_BYTES, Math.max(MIN_READ_BYTES, share));
  const ready = size === MAX_READ_BYTES ? kept.pop() : undefined;
  return ready ?? Buffer.allocUnsafeSlow(size);
}

/** Only what nobody else can still hold. */
export function giveBack(buffer: Buffer): void {
  if (buffer.length === MAX_READ_BYTES && kept.length < MAX_KEPT) kept.push(buffer);
}

// The two range headers. `Content-Range` of an upload is distribution-spec's own, without a unit;
// `Range` of a download is RFC 9110 §14.2.
import type { ByteRange } from '@portolan/storage';
import { RegistryError } from '../registry-error.ts';

const CHUNK = /^(\d{1,15})-(\d{1,15})$/;
const RANGE = /^bytes=(\d*)-(\d*)$/i;

/** Where a chunk lies in the blob. @throws RegistryError `content-range-invalid` */
export function parseContentRange(header: string): ByteRange {
  const [, start, end] = CHUNK.exec(header.trim()) ?? [];
  const range = { start: Number(start), end: Number(end) };
  if (range.end >= range.start) return range;
  throw new RegistryError('content-range-invalid', 'Content-Range is malformed', {
    contentRange: header.slice(0, 256),
  });
}

/** Bytes received so far, as the spec writes them. Nothing yet is `0-0`, as distribution has it. */
export function formatUploadRange(offset: number): string {
  return `0-${Math.max(offset - 1, 0)}`;
}

export function formatContentRange(range: ByteRange, size: number): string {
  return `bytes ${range.start}-${range.end}/${size}`;
}

function unsatisfiable(header: string, size: number): never {
  throw new RegistryError(
    'range-unsatisfiable',
    'the range cannot be satisfied',
    { range: header.slice(0, 256), size },
    { 'Content-Range': `bytes */${size}` },
  );
}

/**
 * The part of a blob to send; undefined is all of it: no header, another unit, several ranges, or
 * nonsense, which RFC 9110 lets us ignore. A backward range (`500-0`) could be ignored, too, but
 * clients and the conformance suite want to be told.
 * @throws RegistryError `range-unsatisfiable`
 */
export function parseRange(header: string | undefined, size: number): ByteRange | undefined {
  if (header === undefined) return undefined;
  const match = RANGE.exec(header.trim());
  if (match === null) return undefined;
  const [, first = '', last = ''] = match;
  if (first === '' && last === '') return undefined;
  if (first === '') {
    const length = Math.min(Number(last), size);
    return length === 0 ? unsatisfiable(header, size) : { start: size - length, end: size - 1 };
  }
  const start = Number(first);
  const end = last === '' ? size - 1 : Math.min(Number(last), size - 1);
  return start > end ? unsatisfiable(header, size) : { start, end };
}

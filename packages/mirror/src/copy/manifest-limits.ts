// How large an image may be in manifests. Whoever serves it may want to keep us busy for ever.
import { mirrorError } from '../errors.ts';

const MAX_DEPTH = 8;
const MAX_MANIFESTS = 10_000;

/**
 * Before one more is read.
 * @throws MirrorError `upstream-corrupt` for an image that is too deep or has too many manifests
 */
export function checkManifestLimits(count: number, depth: number): void {
  if (depth > MAX_DEPTH) {
    throw mirrorError('upstream-corrupt', 'an index nests too deeply', { maxDepth: MAX_DEPTH });
  }
  if (count >= MAX_MANIFESTS) {
    const detail = { maxManifests: MAX_MANIFESTS };
    throw mirrorError('upstream-corrupt', 'an image has too many manifests', detail);
  }
}

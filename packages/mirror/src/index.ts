export { isAttachedTag } from './copy/attached.ts';
export {
  type Copier,
  copyImage,
  type CopyProgress,
  type CopyRequest,
  type CopyResult,
  createCopier,
  type Platform,
} from './copy/copy-image.ts';
export { type MirrorError, type MirrorErrorCode, mirrorError } from './errors.ts';
export {
  destinationOf,
  DOCKER_HUB,
  formatUpstreamName,
  parseUpstreamHost,
  parseUpstreamName,
  type UpstreamImage,
  type UpstreamRepository,
} from './names/upstream-name.ts';
export type {
  FetchedManifest,
  ManifestHead,
  OpenBlob,
  SinkRepository,
  SourceRepository,
} from './places/place.ts';

export type { CopyProgress, CopyRequest, CopyResult, Platform } from './copy/copy-image.ts';
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

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
export {
  createLocalRepository,
  type LocalRepository,
  type LocalRepositoryDeps,
} from './places/local-repository.ts';
export { createSecretBox, type SecretBox } from './secrets/sealed-secrets.ts';
export {
  createUpstreams,
  type Upstream,
  type UpstreamChanges,
  type Upstreams,
  type UpstreamsDeps,
} from './upstreams/upstreams.ts';
export {
  createRegistryClient,
  type RegistryClient,
  type RegistryClientDeps,
} from './client/registry-client.ts';
export type { ClientLimits } from './client/limits.ts';
export type { Quota } from './client/quota.ts';
export type {
  EgressPolicy,
  UpstreamCredentials,
  UpstreamSettings,
} from './client/upstream-settings.ts';

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
export { type AskHelper, type AuthFile, findLogin, parseAuthFile } from './logins/auth-file.ts';
export { askCredentialHelper } from './logins/credential-helper.ts';
export { type DirImage, listDirImages } from './places/dir-layout.ts';
export { createDirRepository } from './places/dir-repository.ts';
export { createDirTree, type DirTree } from './places/dir-tree.ts';
export { importConfig } from './skopeo/import-config.ts';
export type { ConfigFormat, ImportedConfig, ImportedRule } from './skopeo/imported-rules.ts';
export { parseDuration } from './skopeo/interval.ts';
export {
  findImages,
  type FoundImages,
  type OpenUpstream,
  type SyncImage,
  type SyncProblem,
  type SyncSource,
} from './skopeo/sync-images.ts';
export {
  planItems,
  type SyncDestination,
  type SyncItem,
  type SyncNaming,
  type SyncTarget,
} from './skopeo/sync-targets.ts';
export {
  type SyncDeps,
  type SyncFormat,
  syncImages,
  type SyncOptions,
  type SyncResult,
} from './skopeo/sync.ts';
export {
  parseSkopeoSource,
  type SkopeoRegistry,
  type SkopeoSourceFile,
} from './skopeo/yaml-source.ts';

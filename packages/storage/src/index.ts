// The store: blobs on the disk, everything else in one database. Knows no HTTP and no permission.
export type { Collector, CollectionReport } from './collection/collector.ts';
export type { BlobStore } from './blobs/blob-store.ts';
export type { ByteRange } from './files/byte-range.ts';
export { isMissing, isVacant } from './files/missing-file.ts';
export {
  type DurableFileOptions,
  trySyncDirectory,
  writeFileDurably,
} from './files/write-file-durably.ts';
export type { MountRequest, StoredBlob } from './blobs/stored-blob.ts';
export type { BundleRecord, BundleStore } from './bundles/bundle-store.ts';
export type { Clock, RandomId } from './clock.ts';
export type {
  Credential,
  CredentialStore,
  NewRefreshToken,
} from './credentials/credential-store.ts';
export type { LoginFailureStore } from './credentials/login-failure-store.ts';
export type { GenerationCounters, Generations } from './database/generations.ts';
export { type DatabaseInspection, inspectDatabase } from './database/inspect-database.ts';
export type { StorageError, StorageErrorCode } from './errors.ts';
export type { LeaseStore } from './leases/lease-store.ts';
export type { ManifestStore } from './manifests/manifest-store.ts';
export type { IfMatch, PutManifest } from './manifests/manifest-push.ts';
export type { StoredManifest } from './manifests/stored-manifest.ts';
export type {
  MirrorRule,
  MirrorRuleChanges,
  MirrorRuleSettings,
  MirrorRuleStore,
  NewMirrorRule,
} from './mirror-rules/mirror-rule-store.ts';
export type { MirrorTag, MirrorTagStore } from './mirror-rules/mirror-tag-store.ts';
export type { MirrorDownloadStore } from './mirror-runs/mirror-download-store.ts';
export type { ContentSize } from './content-size.ts';
export type {
  LastSuccess,
  MirrorRun,
  MirrorRunOutcome,
  MirrorRunStore,
} from './mirror-runs/mirror-run-store.ts';
export type { NamespaceStore } from './namespaces/namespace-store.ts';
export type {
  Namespace,
  NamespaceAccess,
  NamespaceKind,
  NamespaceSettings,
  NewNamespace,
} from './namespaces/namespace.ts';
export type { ViewStore } from './namespaces/view-store.ts';
export { openStorage } from './open-storage.ts';
export type { FileAction, ObserveStorage, StorageObservation } from './observation.ts';
export type { PageRequest } from './page-request.ts';
export { fallbackTag } from './referrers/fallback-tag.ts';
export type { ReferrerPage, ReferrerQuery, ReferrerStore } from './referrers/referrer-store.ts';
export type { RepositoryPage, RepositoryStore } from './repositories/repository-store.ts';
export type { WriteRight } from './repositories/write-right.ts';
export type { SigningKey, SigningKeyStore } from './signing-keys/signing-key-store.ts';
export type { StampStore } from './stamps/stamp-store.ts';
export type {
  AccessStores,
  ContentStores,
  MirrorStores,
  Storage,
  StorageOptions,
} from './storage.ts';
export type { SubjectStore } from './subjects/subject-store.ts';
export type { NewUser, Subject, SubjectKind } from './subjects/subject.ts';
export type { TagPage, TagStore } from './tags/tag-store.ts';
export type { TeamStore } from './teams/team-store.ts';
export type { Member, Membership, NewTeam, Role, Team } from './teams/team.ts';
export { uploadUnknown } from './uploads/upload-claims.ts';
export type { UploadStore } from './uploads/upload-store.ts';
export type { AppendBody, BeginUpload, Upload } from './uploads/upload.ts';
export type {
  UpstreamRecord,
  UpstreamRecordSettings,
  UpstreamStore,
} from './upstreams/upstream-store.ts';
export type { StorageTimes } from './storage-times.ts';

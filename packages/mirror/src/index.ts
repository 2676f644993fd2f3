export { isAttachedTag } from './names/attached-tags.ts';
export { type Copier, copyImage, createCopier } from './copy/copy-image.ts';
export type { CopyProgress, CopyRequest, CopyResult } from './copy/copy-request.ts';
export { type MirrorError, type MirrorErrorCode, mirrorError } from './errors.ts';
export {
  destinationOf,
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
  type CredentialSource,
  type Upstream,
  type UpstreamChanges,
  type Upstreams,
  type UpstreamsDeps,
} from './upstreams/upstreams.ts';
export { parseChallenges } from './client/challenge.ts';
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
export { createDial, type Dial } from './client/dial.ts';
export {
  type AskHelper,
  type AuthFile,
  findHelperLogin,
  findLogin,
  type LoginFor,
  parseAuthFile,
} from './logins/auth-file.ts';
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
export {
  type BundleDocument,
  extentOf,
} from './bundle/bundle-document.ts';
export { type BundleContents, readBundle, requireBundle } from './bundle/bundle-contents.ts';
export {
  exportBundle,
  type ExportProgress,
  type ExportRequest,
  type ExportResult,
} from './bundle/export-bundle.ts';
export type { ExportPlan, FailedReference } from './bundle/export-plan.ts';
export type { ExportItem } from './bundle/reference-content.ts';
export { exportRecord, findLastExport } from './bundle/last-export.ts';
export { formatHave } from './bundle/have-document.ts';
export { type ImportProgress, importBundle } from './bundle/import-bundle.ts';
export {
  formatReportJson,
  type ImportReport,
  type ReportedReference,
} from './bundle/import-report.ts';
export { formatReportHtml } from './bundle/report-html.ts';
export { type KnownContent, readKnownContent } from './bundle/known-content.ts';
export { DEFAULT_MAX_FILE_SIZE } from './bundle/layout.ts';
export { localItems, takeInventory } from './bundle/local-content.ts';
export { generateBundleKey } from './bundle/signature.ts';
export { type VerifiedBundle, verifyBundle } from './bundle/verify-bundle.ts';
export { rulesOfNames, upstreamItems } from './bundle/upstream-items.ts';
export { parsePlatform, type Platform } from './selection/platform.ts';
export { parseSelectors, type ReferenceSelector } from './selection/selectors.ts';
export { type AppliedRule, applyRules } from './rules/apply-rules.ts';
export { parseRuleSettings, type RuleSettings } from './rules/rule-settings.ts';
export { parseRulesFile, type RequestedRule, requestRule } from './rules/rules-file.ts';
export { narrowingOf, selectRules } from './rules/select-rules.ts';
export { createMirror, type Mirror } from './sync/create-mirror.ts';
export type { PlannedImage, RulePlan } from './sync/plan-rule.ts';
export type { PruneReport } from './sync/prune-rule.ts';
export type { QuotaPlan } from './sync/quota.ts';
export { LEASE_OF_THE_DEAD_MS } from './sync/run-lease.ts';
export type { ImageResult, ImageStatus, RunReport } from './sync/run-report.ts';
export { SILENT_SYNC, type SyncProgress } from './sync/sync-progress.ts';
export type { SyncedRule } from './sync/sync-rules.ts';
export { createBundleStores } from './bundle/bundle-stores.ts';

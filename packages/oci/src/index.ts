// The vocabulary of the whole project: pure functions and branded types, no I/O, no dependency.
export type { Descriptor } from './descriptor.ts';
export { Digest, type DigestAlgorithm } from './digest.ts';
export { DomainError, type ParseErrorCode } from './domain-error.ts';
export { HostName } from './hosts/host-name.ts';
export { UpstreamHost } from './hosts/upstream-host.ts';
export {
  type Manifest,
  type ManifestReference,
  parseManifest,
  type ReferenceKind,
} from './manifest.ts';
export {
  DOCKER_MANIFEST,
  DOCKER_MANIFEST_LIST,
  MediaType,
  OCI_INDEX,
  OCI_MANIFEST,
} from './media-type.ts';
export { nearestName } from './nearest-name.ts';
export { OCI_ERRORS, type OciErrorBody, type OciErrorCode } from './oci-error.ts';
export { reasonOf } from './reason-of.ts';
export { Reference } from './reference.ts';
export { isNamespaceName, RepositoryName } from './repository-name.ts';
export { type Access, type RepositoryAction, Scope } from './scope.ts';
export { Tag } from './tag.ts';
export type { AccessStamp, CatalogFilter, Stamp, TokenClaims, Visibility } from './token-claims.ts';

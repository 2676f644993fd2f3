// What the other packages hold: every store over one data directory.
import type { BlobStore } from './blobs/blob-store.ts';
import type { BundleStore } from './bundles/bundle-store.ts';
import type { Clock, RandomId } from './clock.ts';
import type { Collector } from './collection/collector.ts';
import type { CredentialStore } from './credentials/credential-store.ts';
import type { LoginFailureStore } from './credentials/login-failure-store.ts';
import type { ContentSize } from './content-size.ts';
import type { Generations } from './database/generations.ts';
import type { DataLayout } from './files/layout.ts';
import type { LeaseStore } from './leases/lease-store.ts';
import type { ManifestStore } from './manifests/manifest-store.ts';
import type { MirrorDownloadStore } from './mirror-runs/mirror-download-store.ts';
import type { MirrorRuleStore } from './mirror-rules/mirror-rule-store.ts';
import type { MirrorRunStore } from './mirror-runs/mirror-run-store.ts';
import type { MirrorTagStore } from './mirror-rules/mirror-tag-store.ts';
import type { NamespaceStore } from './namespaces/namespace-store.ts';
import type { ObserveStorage } from './observation.ts';
import type { ViewStore } from './namespaces/view-store.ts';
import type { ReferrerStore } from './referrers/referrer-store.ts';
import type { RepositoryStore } from './repositories/repository-store.ts';
import type { SigningKeyStore } from './signing-keys/signing-key-store.ts';
import type { StampStore } from './stamps/stamp-store.ts';
import type { SubjectStore } from './subjects/subject-store.ts';
import type { StorageTimes } from './storage-times.ts';
import type { TagStore } from './tags/tag-store.ts';
import type { TeamStore } from './teams/team-store.ts';
import type { UploadStore } from './uploads/upload-store.ts';
import type { UpstreamStore } from './upstreams/upstream-store.ts';

export interface StorageOptions {
  /** The data directory; made when it does not exist. */
  readonly directory: string;
  readonly clock: Clock;
  readonly randomId: RandomId;
  readonly times: StorageTimes;
  /** Uploads are refused when less than this would stay free, in bytes. */
  readonly diskFloorBytes: number;
  /** Gets to know how long commits and the work on files take. */
  readonly observe?: ObserveStorage;
}

/** The content half: what the registry and the mirror work on. */
export interface ContentStores {
  readonly repositories: RepositoryStore;
  readonly blobs: BlobStore;
  readonly uploads: UploadStore;
  readonly manifests: ManifestStore;
  readonly tags: TagStore;
  readonly referrers: ReferrerStore;
  readonly collector: Collector;
}

/** The access half: what the token service and the command line work on. */
export interface AccessStores {
  readonly subjects: SubjectStore;
  readonly credentials: CredentialStore;
  readonly loginFailures: LoginFailureStore;
  readonly teams: TeamStore;
  readonly namespaces: NamespaceStore;
  readonly signingKeys: SigningKeyStore;
}

/** What the mirror remembers. */
export interface MirrorStores {
  readonly upstreams: UpstreamStore;
  readonly mirrorRules: MirrorRuleStore;
  readonly mirrorTags: MirrorTagStore;
  readonly mirrorRuns: MirrorRunStore;
  readonly mirrorDownloads: MirrorDownloadStore;
  readonly bundles: BundleStore;
}

export interface Storage extends ContentStores, AccessStores, MirrorStores {
  /** Where everything lies, for what is kept in files beside the stores: keys, a password. */
  readonly layout: DataLayout;
  readonly views: ViewStore;
  readonly stamps: StampStore;
  readonly leases: LeaseStore;
  readonly generations: Generations;
  /** Throws when the database cannot be written or less than the floor is free. For `/readyz`. */
  checkWritable(): Promise<void>;
  /** What all repositories hold together; reads many rows. */
  contentSize(): Promise<ContentSize>;
  /** Bytes free for us. @throws StorageError `store-read-only` after a failed sync */
  freeBytes(): number;
  close(): Promise<void>;
}

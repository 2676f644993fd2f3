// The rows of the one database, as Kysely sees them. Times are milliseconds since the epoch,
// booleans 0 or 1, JSON is text. Names: architecture, "Data".
import type { Generated } from 'kysely';

type Flag = 0 | 1;

// --- content ---

interface RepositoryTable {
  id: Generated<number>;
  name: string;
  namespace_id: number;
  created_at: number;
}

interface BlobTable {
  id: Generated<number>;
  digest: string;
  size: number;
  /** Path below `blobs/`; unique for ever, never reused for a later upload of the same digest. */
  file: string;
  created_at: number;
}

interface RepositoryBlobTable {
  repository_id: number;
  blob_id: number;
  /** Until then the link holds without a manifest; afterwards only a reference keeps it. */
  lease_until: number;
}

interface ManifestTable {
  id: Generated<number>;
  repository_id: number;
  digest: string;
  media_type: string;
  artifact_type: string | null;
  subject_digest: string | null;
  annotations: string;
  size: number;
  /** As `repository_blob.lease_until`: an untagged manifest is kept until then. */
  lease_until: number;
  created_at: number;
  body: Buffer;
}

interface ManifestReferenceTable {
  manifest_id: number;
  repository_id: number;
  digest: string;
  kind: 'config' | 'layer' | 'child';
}

interface TagTable {
  repository_id: number;
  name: string;
  manifest_id: number;
  updated_at: number;
}

interface TagHistoryTable {
  id: Generated<number>;
  repository_id: number;
  name: string;
  /** Null when the tag was deleted. */
  digest: string | null;
  actor: string;
  at: number;
}

interface UploadTable {
  id: string;
  repository: string;
  subject: string;
  algorithm: 'sha256' | 'sha512';
  /** Path below `uploads/`. */
  file: string;
  offset: number;
  /** Hex digest of the first `offset` bytes, in `algorithm`. */
  digest_so_far: string;
  /** Who is writing to the file now, and until when that claim holds. */
  writer: string | null;
  writer_until: number;
  created_at: number;
  updated_at: number;
}

/** What collection looks at next. A later reason moves `review_after`; it is never ignored. */
interface ReviewTable {
  kind: 'blob' | 'link' | 'manifest';
  /** 0 for kind `blob`. */
  repository_id: number;
  digest: string;
  review_after: number;
}

// --- access ---

interface SubjectTable {
  id: Generated<number>;
  kind: 'user' | 'robot' | 'service';
  name: string;
  is_admin: Flag;
  is_disabled: Flag;
  /** Raised whenever a right of this subject may have shrunk; tokens carry the value they saw. */
  generation: number;
  created_at: number;
}

interface CredentialTable {
  id: Generated<number>;
  subject_id: number;
  kind: 'password' | 'token' | 'refresh';
  /** argon2id PHC string for a password, hex SHA-256 of the secret for the others. */
  hash: string;
  label: string;
  /** The audience that a refresh token is bound to; '' for the others. */
  service: string;
  created_at: number;
  expires_at: number | null;
  last_used_at: number | null;
}

interface TeamTable {
  id: Generated<number>;
  name: string;
  description: string;
  created_at: number;
}

interface MemberTable {
  team_id: number;
  subject_id: number;
  role: 'viewer' | 'contributor' | 'owner';
}

interface NamespaceTable {
  id: Generated<number>;
  /** '' is the global namespace. */
  name: string;
  kind: 'global' | 'personal' | 'team';
  /** The owning team of kind `team`; null means that only administrators have rights on it. */
  team_id: number | null;
  /** The owner of kind `personal`. */
  subject_id: number | null;
  visibility: 'public' | 'protected' | 'private';
  allows_sparse_indexes: Flag;
  /** Content comes by mirror rules and bundles alone: nobody may push. */
  is_mirror: Generated<Flag>;
  generation: number;
  created_at: number;
}

interface SigningKeyTable {
  /** RFC 7638 thumbprint. */
  kid: string;
  public_jwk: string;
  created_at: number;
  /** Signs from then on; published before. */
  activates_at: number;
  /** Published until then; null while it has no successor. */
  retires_at: number | null;
}

interface AuditTable {
  id: Generated<number>;
  at: number;
  actor: string;
  action: string;
  target: string;
  detail: string;
}

/** Failed logins by account and source; rows, since any worker may see the next attempt. */
interface LoginFailureTable {
  key: string;
  failures: number;
  blocked_until: number;
  updated_at: number;
}

// --- mirror ---

interface UpstreamTable {
  id: Generated<number>;
  /** Canonical, such as `docker.io`. */
  host: string;
  settings: string;
  /** Encrypted by whoever gave them. */
  sealed_credentials: Buffer | null;
  quota: string | null;
  created_at: number;
}

interface MirrorRuleTable {
  id: Generated<number>;
  upstream_id: number;
  /** Repository at the upstream. */
  path: string;
  /** Repository here. */
  destination: string;
  settings: string;
  next_run_at: number | null;
  created_at: number;
  updated_at: number;
}

interface MirrorTagTable {
  rule_id: number;
  name: string;
  /** What was last copied. */
  digest: string | null;
  checked_at: number;
  changed_at: number | null;
  vanished_at: number | null;
  error: string | null;
}

interface MirrorRunTable {
  id: Generated<number>;
  rule_id: number;
  started_at: number;
  ended_at: number | null;
  outcome: 'running' | 'ok' | 'partial' | 'failed' | 'limited';
  summary: string;
}

/** Which upload session holds the first part of a blob. */
interface MirrorDownloadTable {
  repository: string;
  digest: string;
  upload_id: string;
}

interface BundleTable {
  id: string;
  direction: 'export' | 'import';
  made_at: number;
  recorded_at: number;
  manifest: string;
}

// --- work ---

interface LeaseTable {
  name: string;
  holder: string;
  until: number;
}

interface GenerationTable {
  id: 1;
  access: number;
  content: number;
}

export interface Schema {
  repository: RepositoryTable;
  blob: BlobTable;
  repository_blob: RepositoryBlobTable;
  manifest: ManifestTable;
  manifest_reference: ManifestReferenceTable;
  tag: TagTable;
  tag_history: TagHistoryTable;
  upload: UploadTable;
  review: ReviewTable;
  subject: SubjectTable;
  credential: CredentialTable;
  team: TeamTable;
  member: MemberTable;
  namespace: NamespaceTable;
  signing_key: SigningKeyTable;
  audit: AuditTable;
  login_failure: LoginFailureTable;
  upstream: UpstreamTable;
  mirror_rule: MirrorRuleTable;
  mirror_tag: MirrorTagTable;
  mirror_run: MirrorRunTable;
  mirror_download: MirrorDownloadTable;
  bundle: BundleTable;
  lease: LeaseTable;
  generation: GenerationTable;
}

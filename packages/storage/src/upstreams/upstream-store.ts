// Other registries that the mirror knows.

/** Without secrets; what the fields mean is the mirror's business. */
export type UpstreamRecordSettings = Readonly<Record<string, unknown>>;

export interface UpstreamRecord {
  readonly id: number;
  /** Canonical, such as `docker.io`. */
  readonly host: string;
  readonly settings: UpstreamRecordSettings;
  readonly hasCredentials: boolean;
  /** What the upstream last said of its pull limit; undefined while it has said nothing. */
  readonly quota: Readonly<Record<string, unknown>> | undefined;
  readonly createdAt: number;
}

export interface UpstreamStore {
  /** Makes the upstream or replaces its settings. */
  set(host: string, settings: UpstreamRecordSettings, actor: string): Promise<UpstreamRecord>;
  find(host: string): Promise<UpstreamRecord | undefined>;
  list(): Promise<readonly UpstreamRecord[]>;
  /** Sealed by the caller (AES-256-GCM); undefined removes them. @throws StorageError `not-found` */
  setCredentials(host: string, sealed: Buffer | undefined, actor: string): Promise<void>;
  sealedCredentials(host: string): Promise<Buffer | undefined>;
  noteQuota(host: string, quota: Readonly<Record<string, unknown>>): Promise<void>;
  /** @throws StorageError `not-found`, `still-in-use` while rules name it */
  delete(host: string, actor: string): Promise<void>;
}

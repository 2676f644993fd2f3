/** The public half of a signing key; the private half is a 0600 file in `keys/`. */
export interface SigningKey {
  /** RFC 7638 thumbprint. */
  readonly kid: string;
  readonly publicJwk: Readonly<Record<string, unknown>>;
  readonly createdAt: number;
  /** Signs from then on (ms); published before. */
  readonly activatesAt: number;
  /** Published until then (ms); undefined while it has no successor. */
  readonly retiresAt: number | undefined;
}

export interface SigningKeyStore {
  list(): Promise<readonly SigningKey[]>;
  /** Adds a key; keys before it retire at `predecessorsRetireAt`. */
  add(key: SigningKey, predecessorsRetireAt: number, actor: string): Promise<void>;
  /** Removes keys whose `retiresAt` has passed; returns their kids. */
  removeRetired(): Promise<readonly string[]>;
}

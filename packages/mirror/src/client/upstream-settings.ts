// How to talk to one other registry.

export type UpstreamCredentials =
  | { readonly kind: 'basic'; readonly username: string; readonly password: string }
  /** A refresh ("identity") token of the registry's token service. */
  | { readonly kind: 'identity-token'; readonly token: string }
  /** A registry token, sent as it is. */
  | { readonly kind: 'registry-token'; readonly token: string };

export interface UpstreamSettings {
  /** Canonical host, as in `UpstreamRepository`. */
  readonly host: string;
  /** Where it really is, such as `http://127.0.0.1:5000`; undefined is `https://<host>` (Docker Hub: its API host). */
  readonly endpoint: string | undefined;
  /** PEM, in addition to the system's. */
  readonly ca: string | undefined;
  /** False accepts any certificate, and plain HTTP where https is not spoken. */
  readonly verifiesTls: boolean;
  /** `http://proxy:3128`; undefined goes directly. */
  readonly proxy: string | undefined;
  readonly credentials: UpstreamCredentials | undefined;
  readonly requestsPerSecond: number | undefined;
  readonly bytesPerSecond: number | undefined;
  /** Hosts beside its own that its realms, redirects, Locations and Links may name. */
  readonly allowedHosts: readonly string[];
}

/** Which addresses we connect to at all. Loopback, private and link-local ones only when listed. */
export interface EgressPolicy {
  /** CIDRs, such as `10.0.0.0/8`. */
  readonly allowedNetworks: readonly string[];
  /** Without ports: whoever typed them may have meant machines of ours. Their own addresses pass, no others. */
  readonly namedHosts?: readonly string[];
}

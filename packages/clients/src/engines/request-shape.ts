// How an engine asks for an image, recorded from real ones: data alone. One engine has several shapes,
// by its version and by how it is configured.

export interface RequestShape {
  /** What the engine is configured with. */
  readonly name: string;
  /** Versions of the engine that ask like this, the last one excluded. */
  readonly since?: number;
  readonly before?: number;
  /** The only registry that it can be used for. */
  readonly only?: 'docker.io';
  /**
   * Whom the engine believes to talk to: ours by its own name, the name below ours that stands for
   * the upstream, the upstream itself, to which the proxy connects it, or us by the name that is typed.
   */
  readonly host: 'registry' | 'virtual host' | 'upstream' | 'typed';
  /** Where the namespace stands in the path: `/v2/docker.io/…` or `/docker.io/v2/…`. */
  readonly namespaceInPath: 'no' | 'after /v2' | 'before /v2';
  /** `?ns=docker.io`. */
  readonly hasNs: boolean;
  readonly manifestMethods: readonly ('HEAD' | 'GET')[];
  /** Where the challenge is taken from: a request for `/v2/` before all others, or the 401 itself. */
  readonly challengedBy: 'ping' | 'manifest';
  /** Which scopes it asks a token for: that of the repository as it has its name, the challenge's, both. */
  readonly scopes: 'path' | 'upstream' | 'upstream and challenge';
  /** Which login of ours goes along: that for the host, the one that fits the repository best, or none. */
  readonly login: 'by host' | 'by repository' | 'none';
  /** Whether the upstream is asked after a failure: always, never, or as it was configured. */
  readonly fallback: 'always' | 'never' | 'configured';
  readonly userAgent: string;
  readonly accept: readonly string[];
}

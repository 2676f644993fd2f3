// Names of images elsewhere, as people type them: `busybox`, `docker.io/library/busybox:musl`,
// `localhost:5000/a/b@sha256:…`.
import type { Reference, RepositoryName } from '@portolan/oci';

export interface UpstreamRepository {
  /** Canonical: `docker.io` for all of Docker Hub's names, lower-case, default ports dropped. */
  readonly host: string;
  /** Below `/v2/`: `library/busybox`. */
  readonly path: RepositoryName;
}

export interface UpstreamImage extends UpstreamRepository {
  /** Undefined when neither tag nor digest was given. */
  readonly reference: Reference | undefined;
}

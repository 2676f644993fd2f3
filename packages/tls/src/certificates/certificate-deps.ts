// What everything that keeps certificates in the data directory is made from.

export interface CertificateDirectories {
  /** `ca/` in the data directory. */
  readonly authority: string;
  /** Where servers find their certificates. */
  readonly certificates: string;
}

export interface CertificateDeps {
  readonly directories: CertificateDirectories;
  readonly clock: () => number;
}

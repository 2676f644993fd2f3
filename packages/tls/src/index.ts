// Certificates: the authority that is built in, what it issues, and the contexts that listeners use.
export { readChallenge } from './acme/acme-files.ts';
export { type AcmeDeps, type AcmeOrders, createAcmeOrders } from './acme/acme-orders.ts';
export {
  type Authority,
  type AuthorityDeps,
  type AuthorityFacts,
  type AuthorityRequest,
  authorityUnknown,
  createAuthority,
  findAuthority,
  openAuthority,
} from './authority/authority.ts';
export { authorityOptions, type MoreNames } from './authority/authority-options.ts';
export {
  DEFAULT_DAYS,
  issueCertificate,
  type IssueRequest,
} from './authority/issue-certificate.ts';
export {
  type CertificateContexts,
  type CertificateContextsDeps,
  type CertificateEvent,
  openCertificateContexts,
} from './certificates/certificate-contexts.ts';
export type { CertificateFacts } from './certificates/certificate-pem.ts';
export { findUncovered, type Uncovered } from './certificates/find-uncovered.ts';
export type { CertificateDirectories } from './certificates/certificate-deps.ts';
export { findUnrenewable, type Unrenewable } from './certificates/find-unrenewable.ts';
export {
  importCertificate,
  type ImportedCertificate,
} from './certificates/import-certificate.ts';
export { type IssuedCertificate, issueIntoDirectory } from './certificates/issue-into-directory.ts';
export {
  createIssuedContexts,
  type IssuedContexts,
  type IssuedContextsDeps,
} from './certificates/issued-contexts.ts';
export {
  type CertificateList,
  type ListedCertificate,
  listCertificates,
} from './certificates/list-certificates.ts';
export {
  isRenewalDue,
  type OrderCertificate,
  type Renewal,
  type RenewalDeps,
  renewDue,
} from './certificates/renew-due.ts';
export {
  AUTHORITY_SOON_DAYS,
  DAY_MS,
  daysUntil,
  SOON_DAYS,
} from './certificates/remaining-days.ts';
export type { TlsError, TlsErrorCode } from './errors.ts';
export { CertificateName } from './names/certificate-name.ts';
export type { NameConstraints } from './names/name-constraints.ts';
export { TRUST_SYSTEMS, type TrustFacts, trustInstructions } from './trust/trust-instructions.ts';
export {
  authoritiesForClients,
  findTrustedAuthorities,
  hasIssued,
  type RetiredAuthority,
  type TrustedAuthorities,
} from './trust/trusted-authorities.ts';

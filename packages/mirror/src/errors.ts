// What can go wrong with the outside world and with what was asked of the mirror.
import { DomainError } from '@portolan/oci';

export type MirrorErrorCode =
  /** A reference, rule, expression, YAML file or option makes no sense; detail says where. */
  | 'request-invalid'
  /** The upstream has no such repository, tag, manifest or blob. */
  | 'upstream-absent'
  /** The upstream wants other credentials, or refuses these. */
  | 'upstream-denied'
  /** 429, or a quota that is used up; detail.retryAt in milliseconds when known. */
  | 'upstream-limited'
  /** Not reachable, 5xx, cut off or too slow, after all retries. */
  | 'upstream-unavailable'
  /** Its certificate is signed by nobody that we trust, or is for another name. */
  | 'upstream-untrusted'
  /** A status, a redirect or a token that no registry gives, or no HTTP at all. */
  | 'upstream-unexpected'
  /** Content that does not match its digest or size, or cannot be what was asked for. */
  | 'upstream-corrupt'
  /** An address, realm or redirect that we do not go to. */
  | 'egress-refused'
  /** A directory or bundle that lacks something; detail names it. */
  | 'place-incomplete'
  | 'bundle-invalid'
  | 'bundle-outdated'
  | 'space-short'
  /** A stored secret does not open, or its key is not fit to be used. */
  | 'secret-unreadable';

export type MirrorError = DomainError<MirrorErrorCode>;

export function mirrorError(
  code: MirrorErrorCode,
  message: string,
  detail: Readonly<Record<string, unknown>> = {},
  cause?: unknown,
): MirrorError {
  return new DomainError<MirrorErrorCode>(code, message, detail, { cause });
}

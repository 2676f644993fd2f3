// What the wire itself can refuse. Statuses and wire codes stand in http/wire-errors.ts alone.
import { DomainError } from '@portolan/oci';

export type RegistryErrorCode =
  | 'unauthorized'
  | 'keys-unavailable'
  | 'route-unknown'
  | 'view-unknown'
  | 'method-not-allowed'
  | 'range-unsatisfiable'
  | 'content-range-invalid'
  | 'chunk-out-of-order'
  | 'content-length-invalid'
  | 'page-size-invalid'
  | 'digest-missing'
  | 'manifest-too-large'
  | 'too-many-tags';

/** An expected refusal that may carry headers: a challenge, `Allow`, `Content-Range`. */
export class RegistryError extends DomainError<RegistryErrorCode> {
  readonly headers: Readonly<Record<string, string>>;

  constructor(
    code: RegistryErrorCode,
    message: string,
    detail: Readonly<Record<string, unknown>> = {},
    headers: Readonly<Record<string, string>> = {},
  ) {
    super(code, message, detail);
    this.headers = headers;
  }
}

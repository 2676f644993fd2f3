// What this package refuses: a request that no configuration can fulfil. The hint says which one can.
import { DomainError } from '@portolan/oci';

export type ClientErrorCode = 'request-invalid';

export function refuse(message: string, hint: string): never {
  throw new DomainError<ClientErrorCode>('request-invalid', message, { hint });
}

// What sockets, TLS and undici throw, in the mirror's words.
import { DomainError } from '@portolan/oci';
import { type MirrorError, mirrorError } from '../errors.ts';

const CERTIFICATE = /^(CERT_|ERR_TLS_CERT|UNABLE_TO_|DEPTH_ZERO|SELF_SIGNED|HOSTNAME_MISMATCH)/;
/** A server that speaks something else than TLS, or nothing at all on this port. */
const NOT_TLS = /^(EPROTO|ECONNREFUSED|ERR_SSL_)/;
/** Answers that are no HTTP, or have more headers than any registry sends. */
const NOT_HTTP = /^(HPE_|UND_ERR_HEADERS_OVERFLOW|UND_ERR_INVALID_ARG)/;

function codeOf(error: unknown): string {
  if (!(error instanceof Error)) return '';
  if ('code' in error && typeof error.code === 'string') return error.code;
  // It has a code for some of its reasons alone.
  if (error.name === 'HTTPParserError') return 'HPE_INVALID';
  // Several addresses were tried; each failed in its own way.
  if (error instanceof AggregateError) return codeOf(error.errors[0]);
  return codeOf(error.cause);
}

/** Whether trying again can help. */
export function isPassing(error: unknown): boolean {
  if (!(error instanceof DomainError) || error.code !== 'upstream-unavailable') return false;
  return codeOf(error.cause) !== 'ENOTFOUND';
}

export function isWithoutTls(error: unknown): boolean {
  return error instanceof DomainError && NOT_TLS.test(codeOf(error.cause));
}

/** The signal's reason when it was the caller who broke off. */
export function networkError(error: unknown, url: URL, signal: AbortSignal): unknown {
  if (signal.aborted) return signal.reason;
  if (error instanceof DomainError) return error;
  if (error instanceof Error && error.cause instanceof DomainError) return error.cause;
  return unavailable(error, url.host, { host: url.host });
}

/** The connection to the proxy failed, which says nothing of the registry behind it. */
export function proxyError(error: Error, proxy: URL): Error {
  if (error instanceof DomainError) return error;
  return unavailable(error, `the proxy ${proxy.host}`, { proxy: proxy.host });
}

function unavailable(
  error: unknown,
  who: string,
  facts: Readonly<Record<string, string>>,
): MirrorError {
  const code = codeOf(error);
  const detail = { ...facts, reason: code };
  if (NOT_HTTP.test(code)) {
    return mirrorError('upstream-unexpected', `${who} does not speak HTTP`, detail, error);
  }
  if (CERTIFICATE.test(code)) {
    const hint = 'give the CA that signed it';
    const message = `the certificate of ${who} is not trusted`;
    return mirrorError('upstream-untrusted', message, { ...detail, hint }, error);
  }
  return mirrorError('upstream-unavailable', `${who} cannot be reached`, detail, error);
}

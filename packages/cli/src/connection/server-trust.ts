// Whom a connection to our registry trusts, and for which name its certificate must be.
import { isIP } from 'node:net';
import {
  checkServerIdentity,
  type ConnectionOptions,
  createSecureContext,
  getCACertificates,
  type SecureContext,
} from 'node:tls';

export type FindTrust = () => SecureContext;

/** @param ca PEM, trusted beside the system's authorities */
export function createTrust(ca: string | undefined): FindTrust {
  let trusted: SecureContext | undefined;
  // Reading a few hundred certificates takes time, once.
  return () => {
    if (trusted !== undefined) return trusted;
    const system = [...getCACertificates('default'), ...getCACertificates('system')];
    trusted = createSecureContext({ ca: [...new Set(system), ...(ca === undefined ? [] : [ca])] });
    return trusted;
  };
}

/** Brackets are URL's, not the system's. */
export function bareHost({ hostname }: URL): string {
  return hostname.replace(/^\[|\]$/g, '');
}

/** The certificate must be for the name that is asked for, wherever the connection goes. */
export function tlsFor(name: string, secureContext: SecureContext): ConnectionOptions {
  return {
    secureContext,
    // An address is not told in the handshake (RFC 6066 §3).
    servername: isIP(name) === 0 ? name : '',
    checkServerIdentity: (_, certificate) => checkServerIdentity(name, certificate),
  };
}

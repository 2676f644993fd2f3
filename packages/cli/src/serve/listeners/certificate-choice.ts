// Which certificate a client is shown. What an operator put there goes first; for a registry that is mirrored
// here the authority issues one, where it may; nobody is shown one for a name that we do not answer as.
import type { ServedHosts } from '@portolan/registry';
import type { SecureContext } from 'node:tls';
import type { Certificates } from './certificates.ts';

export interface CertificateChoice {
  /** On `https` listeners: whoever comes by another name gets the first file. */
  find(
    serverName: string | undefined,
  ): SecureContext | undefined | Promise<SecureContext | undefined>;
  /** For a host that we are found to answer as. Rejects when the authority may not issue for it. */
  of(host: string): Promise<SecureContext>;
}

export interface CertificateChoiceDeps {
  readonly certificates: Certificates;
  /** Whether `https` listeners stand in for mirrored registries, too. */
  readonly impersonates: boolean;
  readonly served: ServedHosts;
  readonly report: (error: unknown) => void;
}

const HTTPS_PORT = 443;

export function createCertificateChoice(deps: CertificateChoiceDeps): CertificateChoice {
  const { impersonates, served, report } = deps;
  const { contexts, issued } = deps.certificates;

  async function issuedFor(serverName: string): Promise<SecureContext | undefined> {
    const named = await served.find(serverName.toLowerCase(), HTTPS_PORT);
    if (named === undefined || named === 'own') return undefined;
    try {
      return await issued?.find(serverName);
    } catch (error) {
      report(error);
      return undefined;
    }
  }

  return {
    find(serverName) {
      if (!impersonates || serverName === undefined) return contexts.find(serverName);
      const matching = contexts.match(serverName);
      if (matching !== undefined) return matching;
      return issuedFor(serverName).then((context) => context ?? contexts.find(serverName));
    },
    async of(host) {
      const context = contexts.match(host) ?? (await issued?.find(host));
      if (context === undefined) throw new Error(`there is no certificate for ${host}`);
      return context;
    },
  };
}

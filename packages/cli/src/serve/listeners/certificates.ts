// The certificates of `https` listeners, as a process sees them: found by name, read again when they change,
// and told of in the log.
import type { CertificateContexts, IssuedContexts } from '@portolan/tls';
import type { Logger } from 'pino';
import type { ServeSettings } from '../../config/serve-settings.ts';
import { EXIT } from '../../terminal/exit-codes.ts';
import { CommandFailure } from '../../terminal/explain-failure.ts';

const LEVELS = { loaded: 'info', expiring: 'warn', failed: 'error' } as const;
const MESSAGES = {
  loaded: 'a certificate was loaded',
  expiring: 'a certificate ends',
  failed: 'a certificate cannot be used',
} as const;

const FOR_HTTPS =
  'Make one with `portolan ca init && portolan ca issue NAME`, or put NAME.pem with chain and key there.';
const FOR_CONNECT =
  'Make an authority that may issue them with `portolan ca init --name NAME --impersonate docker.io`, for each registry that is mirrored.';

export interface Certificates {
  /** Of the files. */
  readonly contexts: CertificateContexts;
  /** Made by our own authority; undefined where it stands in for nobody. */
  readonly issued: IssuedContexts | undefined;
}

type Needed = Pick<ServeSettings, 'listen' | 'tls'>;

/** A `connect` listener needs no file: what it shows, the authority issues when it is asked for. */
async function isAnyThere(
  { listen, tls }: Needed,
  contexts: CertificateContexts,
): Promise<boolean> {
  if (contexts.list().length > 0 || tls.acme !== undefined) return true;
  if (listen.some(({ scheme }) => scheme === 'https')) return false;
  const { findAuthority } = await import('@portolan/tls');
  return (await findAuthority(tls.directories.authority)) !== undefined;
}

/**
 * Undefined where no listener speaks TLS. An ACME server can issue the first certificate only once we
 * answer it. @throws CommandFailure when there is no certificate, and none will come
 */
export async function openCertificates(
  needed: Needed,
  logger: Logger,
  countFailure?: () => void,
): Promise<Certificates | undefined> {
  const { listen, tls } = needed;
  const hasConnect = listen.some(({ scheme }) => scheme === 'connect');
  const hasHttps = listen.some(({ scheme }) => scheme === 'https');
  if (!hasConnect && !hasHttps) return undefined;
  const { authority, certificates: directory } = tls.directories;
  // Who speaks no TLS need not load what makes certificates.
  const { createIssuedContexts, openCertificateContexts } = await import('@portolan/tls');
  const contexts = await openCertificateContexts({
    directory,
    clock: Date.now,
    report({ kind, file, message }) {
      if (kind === 'failed') countFailure?.();
      logger[LEVELS[kind]]({ file, reason: message }, MESSAGES[kind]);
    },
  });
  if (await isAnyThere(needed, contexts)) {
    const isStandIn = hasConnect || tls.impersonates;
    const deps = { directory: authority, clock: Date.now };
    return { contexts, issued: isStandIn ? createIssuedContexts(deps) : undefined };
  }
  contexts.close();
  const hint = hasConnect && !hasHttps ? FOR_CONNECT : FOR_HTTPS;
  throw new CommandFailure(`there is no certificate in ${directory}`, EXIT.failed, { hint });
}

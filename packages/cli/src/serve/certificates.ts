// The certificates of `https` listeners, as a process sees them: found by name, read again when they change,
// and told of in the log.
import type { CertificateContexts } from '@portolan/tls';
import type { Logger } from 'pino';
import type { ServeSettings } from '../config/serve-settings.ts';
import { EXIT } from '../terminal/exit-codes.ts';
import { CommandFailure } from '../terminal/explain-failure.ts';

const LEVELS = { loaded: 'info', expiring: 'warn', failed: 'error' } as const;
const MESSAGES = {
  loaded: 'a certificate was loaded',
  expiring: 'a certificate ends',
  failed: 'a certificate cannot be used',
} as const;

/**
 * Undefined without an `https` listener. An ACME server can issue the first certificate only once we
 * answer it. @throws CommandFailure when there is no certificate, and none will come
 */
export async function openCertificates(
  { listen, tls }: Pick<ServeSettings, 'listen' | 'tls'>,
  logger: Logger,
): Promise<CertificateContexts | undefined> {
  if (!listen.some(({ scheme }) => scheme === 'https')) return undefined;
  const directory = tls.directories.certificates;
  // Who speaks no TLS need not load what makes certificates.
  const { openCertificateContexts } = await import('@portolan/tls');
  const contexts = await openCertificateContexts({
    directory,
    clock: Date.now,
    report: ({ kind, file, message }) =>
      logger[LEVELS[kind]]({ file, reason: message }, MESSAGES[kind]),
  });
  if (contexts.list().length > 0 || tls.acme !== undefined) return contexts;
  contexts.close();
  const hint =
    'Make one with `portolan ca init && portolan ca issue NAME`, or put NAME.pem with chain and key there.';
  throw new CommandFailure(`there is no certificate in ${directory}`, EXIT.failed, { hint });
}

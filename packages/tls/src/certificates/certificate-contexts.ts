// The certificates that a TLS listener uses, by the name that a client asks for (SNI). Files are looked
// at every second, in every process by itself: fs.watch misses changes on mounted and shared disks.
// What cannot be used never takes the place of what can.
import type { SecureContext } from 'node:tls';
import { type CertificateFile, listCertificateFiles } from './certificate-directory.ts';
import type { CertificateFacts } from './certificate-pem.ts';
import { chooseCertificate, matchCertificate } from './choose-certificate.ts';
import { loadCertificate, type LoadedCertificate, stampOf } from './load-certificate.ts';
import { DAY_MS, daysUntil, SOON_DAYS } from './remaining-days.ts';

export interface CertificateContexts {
  /** Exact name, then a wildcard of one label, then the first file. Undefined when there is none at all. */
  find(serverName: string | undefined): SecureContext | undefined;
  /** The same without the first file: a certificate that is for the name. */
  match(serverName: string): SecureContext | undefined;
  list(): readonly CertificateFacts[];
  /** Reads the files again; a broken pair keeps the old one and is reported. Resolves when done. */
  reload(): Promise<void>;
  close(): void;
}

export interface CertificateEvent {
  readonly kind: 'loaded' | 'failed' | 'expiring';
  readonly file: string;
  readonly message: string;
}

export interface CertificateContextsDeps {
  readonly directory: string;
  readonly clock: () => number;
  readonly report: (event: CertificateEvent) => void;
  readonly pollMs?: number;
}

interface Entry {
  /** Of the files that `certificate` was read from. */
  readonly stamp: string | undefined;
  readonly certificate: LoadedCertificate | undefined;
  /** What was reported last, so that it is said once. */
  readonly failure: string | undefined;
}

const POLL_MS = 1000;

function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}

/** Tells of each certificate that ends soon, once a day. */
function createExpiryWatch({ clock, report }: CertificateContextsDeps) {
  const toldAt = new Map<string, number>();
  return (certificates: readonly CertificateFacts[]): void => {
    const now = clock();
    for (const { file, notAfter, fingerprint } of certificates) {
      const days = daysUntil(notAfter, now);
      const isTold = now - (toldAt.get(fingerprint) ?? -Infinity) < DAY_MS;
      if (days >= SOON_DAYS || isTold) continue;
      toldAt.set(fingerprint, now);
      const message =
        days < 0 ? 'has expired' : `expires in ${days} ${days === 1 ? 'day' : 'days'}`;
      report({ kind: 'expiring', file, message });
    }
  };
}

/** What failed is tried again at each look: only its report is not repeated. */
async function readEntry(
  file: CertificateFile,
  before: Entry | undefined,
  report: CertificateContextsDeps['report'],
): Promise<Entry> {
  let stamp: string | undefined;
  try {
    stamp = await stampOf(file);
    if (before !== undefined && stamp === before.stamp) return before;
    const certificate = await loadCertificate(file);
    const message = `for ${certificate.facts.names.join(', ')}`;
    report({ kind: 'loaded', file: file.file, message });
    return { stamp, certificate, failure: undefined };
  } catch (error) {
    const rest = before?.certificate === undefined ? '' : '; the one of before stays in use';
    const message = `${messageOf(error)}${rest}`;
    const failure = `${stamp}: ${message}`;
    if (failure !== before?.failure) report({ kind: 'failed', file: file.file, message });
    return { stamp: before?.stamp, certificate: before?.certificate, failure };
  }
}

function createDirectoryReader(deps: CertificateContextsDeps) {
  const { directory, report } = deps;
  const watchExpiry = createExpiryWatch(deps);
  let entries = new Map<string, Entry>();
  let certificates: readonly LoadedCertificate[] = [];
  let isUnreadable = false;

  async function read(): Promise<void> {
    try {
      const next = new Map<string, Entry>();
      for (const file of await listCertificateFiles(directory)) {
        next.set(file.file, await readEntry(file, entries.get(file.file), report));
      }
      entries = next;
      certificates = [...next.values()].flatMap(({ certificate }) => certificate ?? []);
      isUnreadable = false;
    } catch (error) {
      if (!isUnreadable) report({ kind: 'failed', file: directory, message: messageOf(error) });
      isUnreadable = true;
    }
    watchExpiry(certificates.map(({ facts }) => facts));
  }

  return { read, certificates: () => certificates };
}

export async function openCertificateContexts(
  deps: CertificateContextsDeps,
): Promise<CertificateContexts> {
  const { read, certificates } = createDirectoryReader(deps);
  let last: Promise<void> = Promise.resolve();
  let isPolling = false;

  /** One after the other, so that none brings back what a later one has replaced. */
  function reload(): Promise<void> {
    last = last.then(read);
    return last;
  }

  await reload();
  const timer = setInterval(() => {
    if (isPolling) return;
    isPolling = true;
    void reload().finally(() => {
      isPolling = false;
    });
  }, deps.pollMs ?? POLL_MS);
  timer.unref();

  return {
    find: (serverName) => chooseCertificate(certificates(), serverName)?.context,
    match: (serverName) => matchCertificate(certificates(), serverName)?.context,
    list: () => certificates().map(({ facts }) => facts),
    reload,
    close: () => clearInterval(timer),
  };
}

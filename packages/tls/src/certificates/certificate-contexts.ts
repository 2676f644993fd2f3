// The certificates that a TLS listener uses, by the name that a client asks for (SNI). Files are looked
// at every second, in every process by itself: fs.watch misses changes on mounted and shared disks.
import type { SecureContext } from 'node:tls';
import type { CertificateFacts } from './certificate-pem.ts';
import { firstHolding, matchCertificate } from './choose-certificate.ts';
import {
  createDirectoryReader,
  type ReadEvent,
  type ServedCertificate,
} from './directory-reader.ts';
import { DAY_MS, daysUntil, SOON_DAYS } from './remaining-days.ts';

export interface CertificateContexts {
  /** As choose-certificate.ts has it, or else the first file. Undefined when there is none at all. */
  find(serverName: string | undefined): SecureContext | undefined;
  /** The same without the first file: a certificate that is for the name. */
  match(serverName: string): SecureContext | undefined;
  list(): readonly CertificateFacts[];
  /** Files that cannot be used now: what was in them before is still shown. */
  unusable(): readonly string[];
  /** Reads the files again; one that is broken or gone keeps the old one and is reported. Resolves when done. */
  reload(): Promise<void>;
  close(): void;
}

export interface CertificateEvent extends Omit<ReadEvent, 'kind'> {
  readonly kind: ReadEvent['kind'] | 'expiring';
}

export interface CertificateContextsDeps {
  readonly directory: string;
  readonly clock: () => number;
  readonly report: (event: CertificateEvent) => void;
  readonly pollMs?: number;
}

const POLL_MS = 1000;

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

export async function openCertificateContexts(
  deps: CertificateContextsDeps,
): Promise<CertificateContexts> {
  const reader = createDirectoryReader(deps);
  const watchExpiry = createExpiryWatch(deps);
  let last: Promise<void> = Promise.resolve();
  let isPolling = false;

  /** By name of the file: who names no server gets the same one while the first is gone for a look. */
  const all = (): readonly ServedCertificate[] =>
    [...reader.current(), ...reader.kept()].toSorted((one, other) =>
      one.facts.file < other.facts.file ? -1 : 1,
    );
  const list = (): readonly CertificateFacts[] => all().map(({ facts }) => facts);

  /** A file that is there counts more than one that is gone, however long that would hold. */
  function match(serverName: string): SecureContext | undefined {
    const now = deps.clock();
    const matching = [reader.current(), reader.kept()].flatMap(
      (certificates) => matchCertificate(certificates, serverName, now) ?? [],
    );
    return firstHolding(matching, now)?.context;
  }

  async function read(): Promise<void> {
    await reader.read();
    watchExpiry(list());
  }

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
    find(serverName) {
      const matching = serverName === undefined ? undefined : match(serverName);
      return matching ?? firstHolding(all(), deps.clock())?.context;
    },
    match,
    list,
    unusable: () => reader.unusable(),
    reload,
    close: () => clearInterval(timer),
  };
}

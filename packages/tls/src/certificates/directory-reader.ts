// What a process has of a directory of certificates, look after look. What cannot be used never takes the
// place of what can: the certificate of a file that breaks stays, and so does that of a file that goes away,
// since nobody can tell a mistake from an intention. It stays until others are for its names, or a restart.
import { isMissing } from '@portolan/storage';
import { dirname } from 'node:path';
import { type CertificateFile, listCertificateFiles } from './certificate-directory.ts';
import { loadCertificate, type LoadedCertificate, stampOf } from './load-certificate.ts';
import { lostNames } from './lost-names.ts';
import { type CertificateOrigin, originOf } from './renewal-record.ts';

export interface ServedCertificate extends LoadedCertificate {
  readonly source: CertificateOrigin;
}

export interface ReadEvent {
  readonly kind: 'loaded' | 'failed';
  readonly file: string;
  readonly message: string;
}

export interface DirectoryReaderDeps {
  readonly directory: string;
  readonly report: (event: ReadEvent) => void;
}

export interface DirectoryReader {
  /** Never throws: what cannot be read is reported. */
  read(): Promise<void>;
  /** Of the files that are there. */
  current(): readonly ServedCertificate[];
  /** Of those that are gone. */
  kept(): readonly ServedCertificate[];
  /** Files that cannot be used, or are gone while they are served; the directory when it cannot be read. */
  unusable(): readonly string[];
}

interface Entry {
  /** Of the files that `certificate` was read from. */
  readonly stamp: string | undefined;
  readonly certificate: ServedCertificate | undefined;
  /** What was reported last, so that it is said once. */
  readonly failure: string | undefined;
  /** At how many looks in a row the file was not there. */
  readonly missed: number;
}

type Report = DirectoryReaderDeps['report'];

/** Some tools remove a file and write it again: at one look it may be gone. */
const PATIENCE = 2;

function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}

/**
 * What failed is tried again at each look: only its report is not repeated. Undefined when what was served is
 * gone since the directory was listed, or its link leads nowhere.
 */
async function readEntry(
  file: CertificateFile,
  before: Entry | undefined,
  report: Report,
): Promise<Entry | undefined> {
  let stamp: string | undefined;
  try {
    stamp = await stampOf(file);
    const isSame = before !== undefined && stamp === before.stamp;
    const loaded = (isSame ? before.certificate : undefined) ?? (await loadCertificate(file));
    // Written after the file itself, and removed by an import of the same.
    const source = await originOf(dirname(file.certificatePath), file.file);
    const certificate = { ...loaded, source };
    if (isSame && before.failure === undefined) return { ...before, certificate, missed: 0 };
    const message = `for ${certificate.facts.names.join(', ')}`;
    report({ kind: 'loaded', file: file.file, message });
    return { stamp, certificate, failure: undefined, missed: 0 };
  } catch (error) {
    const certificate = before?.certificate;
    if (certificate !== undefined && isMissing(error)) return undefined;
    const rest = certificate === undefined ? '' : '; the one of before stays in use';
    const message = `${messageOf(error)}${rest}`;
    const failure = `${stamp}: ${message}`;
    if (failure !== before?.failure) report({ kind: 'failed', file: file.file, message });
    return { stamp: before?.stamp, certificate, failure, missed: 0 };
  }
}

/** Undefined when nobody misses it: others are for all of its names. */
function keepGone(
  [file, before]: readonly [string, Entry],
  current: readonly LoadedCertificate[],
  report: Report,
): Entry | undefined {
  const { certificate } = before;
  if (certificate === undefined) return undefined;
  const names = current.flatMap(({ facts }) => facts.names);
  const lost = lostNames(certificate.facts.names, names);
  // One without names is shown to whoever names none, while it is the only one.
  if (lost.length === 0 && current.length > 0) return undefined;
  if (before.missed >= PATIENCE) return before;
  const missed = before.missed + 1;
  if (missed < PATIENCE) return { ...before, missed };
  const what = file.endsWith('.crt') ? 'the file or its key is gone' : 'the file is gone';
  const until = ['a restart', ...(lost.length > 0 ? [`others are for ${lost.join(', ')}`] : [])];
  const message = `${what}; its certificate stays in use until ${until.join(', or ')}`;
  report({ kind: 'failed', file, message });
  return { ...before, missed, failure: message };
}

export function createDirectoryReader({ directory, report }: DirectoryReaderDeps): DirectoryReader {
  let entries = new Map<string, Entry>();
  let current: readonly ServedCertificate[] = [];
  let kept: readonly ServedCertificate[] = [];
  let isUnreadable = false;

  async function look(): Promise<void> {
    const there = new Map<string, Entry>();
    for (const file of await listCertificateFiles(directory)) {
      const entry = await readEntry(file, entries.get(file.file), report);
      if (entry !== undefined) there.set(file.file, entry);
    }
    current = [...there.values()].flatMap(({ certificate }) => certificate ?? []);
    const gone = new Map<string, Entry>();
    for (const [file, before] of entries) {
      const entry = there.has(file) ? undefined : keepGone([file, before], current, report);
      if (entry !== undefined) gone.set(file, entry);
    }
    kept = [...gone.values()].flatMap(({ certificate }) => certificate ?? []);
    entries = new Map([...there, ...gone]);
  }

  return {
    async read() {
      try {
        await look();
        isUnreadable = false;
      } catch (error) {
        if (!isUnreadable) report({ kind: 'failed', file: directory, message: messageOf(error) });
        isUnreadable = true;
      }
    },
    current: () => current,
    kept: () => kept,
    unusable() {
      const files = [...entries].filter(([, { failure }]) => failure !== undefined);
      return [...(isUnreadable ? [directory] : []), ...files.map(([file]) => file)];
    },
  };
}

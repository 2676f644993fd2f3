// Everything that can be known of a bundle from its directory alone: sums, digests, sizes, whether all
// parts are there, whether the index leads to all it names, the signature. What is wrong is listed, all
// of it, since somebody has to decide whether to go back for another stick.
import { DomainError } from '@portolan/oci';
import { isMissing } from '@portolan/storage';
import { createHash } from 'node:crypto';
import { readdir } from 'node:fs/promises';
import { join } from 'node:path';
import {
  type BundleContents,
  filesOfBlob,
  readBundle,
  readBundleDocument,
} from './bundle-contents.ts';
import { checkDirectories } from './bundle-directory.ts';
import type { BundleDocument } from './bundle-document.ts';
import { openRegularFile, readSmallFile } from './bundle-files.ts';
import { MAX_DOCUMENT_BYTES } from './document-limits.ts';
import {
  BLOBS_DIRECTORY,
  DOCUMENT_FILE,
  INDEX_FILE,
  isCoveredFile,
  OCI_LAYOUT_FILE,
  SIGNATURE_FILE,
  SUMS_FILE,
} from './layout.ts';
import { checkPublicKey, isSignatureOf } from './signature.ts';
import { hashBlob } from './stored-blob.ts';
import { parseSums, type Sums } from './sums.ts';

export interface BundleProblem {
  /** Below the directory; undefined when it is about no single file. */
  readonly file: string | undefined;
  readonly problem: string;
}

export interface VerifiedBundle {
  /** Undefined when it cannot even be read. */
  readonly contents: BundleContents | undefined;
  /** What it says of itself, also when the rest of it cannot be read. */
  readonly document: BundleDocument | undefined;
  readonly problems: readonly BundleProblem[];
  /** Files beside the bundle, of which nothing is read: whoever scans the stick should know them. */
  readonly strangers: readonly string[];
  /** `unchecked` is signed, but no key was given. */
  readonly signature: 'good' | 'bad' | 'unchecked' | 'none';
  /** Bytes read. */
  readonly bytes: number;
}

export interface VerifyOptions {
  /** PEM; when given, the bundle must be signed with it. */
  readonly publicKey: string | undefined;
  readonly signal: AbortSignal;
  /** Told once the bundle has said what it holds. */
  readonly onTotal?: (bytes: number) => void;
  readonly onBytes?: (count: number) => void;
}

interface Findings {
  readonly directory: string;
  readonly options: VerifyOptions;
  readonly problems: BundleProblem[];
  readonly blamed: Set<string>;
  bytes: number;
}

/** Of each file only the first: what else is wrong with it follows from that. */
function blame(findings: Findings, file: string | undefined, problem: string): void {
  const { problems, blamed } = findings;
  if (file !== undefined && blamed.has(file)) return;
  if (file !== undefined) blamed.add(file);
  problems.push({ file, problem });
}

function note(findings: Findings, error: unknown, file?: string): void {
  if (isMissing(error)) {
    blame(findings, file, 'is missing');
    return;
  }
  if (!(error instanceof DomainError)) throw error;
  if (error.code === 'request-invalid') throw error;
  const { file: named, digest, problem, line } = error.detail;
  const more = [problem, digest, line].filter((part) => typeof part === 'string');
  const blamed = file ?? (typeof named === 'string' ? named : undefined);
  const text = [error.message, ...more].join(': ');
  // The file stands beside it.
  const start = `${blamed ?? ''} `;
  blame(findings, blamed, text.startsWith(start) ? text.slice(start.length) : text);
}

async function noting<T>(
  findings: Findings,
  work: () => Promise<T>,
  file?: string,
): Promise<T | undefined> {
  try {
    return await work();
  } catch (error) {
    note(findings, error, file);
    return undefined;
  }
}

const UNSIGNED = 'is missing: the bundle is not signed';

async function checkSignature(
  findings: Findings,
  sums: Buffer | undefined,
): Promise<VerifiedBundle['signature']> {
  const { directory, options } = findings;
  const { publicKey } = options;
  const signature = await readSmallFile(directory, SIGNATURE_FILE, 4096).catch(
    // What may not be read is not what is not there.
    (error: unknown) => {
      if (error instanceof DomainError) return undefined;
      throw error;
    },
  );
  if (signature === undefined) {
    if (publicKey !== undefined) blame(findings, SIGNATURE_FILE, UNSIGNED);
    return 'none';
  }
  if (publicKey === undefined || sums === undefined) return 'unchecked';
  if (isSignatureOf(sums, { signature, publicKey })) return 'good';
  blame(findings, SIGNATURE_FILE, `is not a signature of ${SUMS_FILE} with this key`);
  return 'bad';
}

function counting(findings: Findings) {
  const { signal, onBytes } = findings.options;
  return {
    signal,
    onBytes: (count: number) => {
      findings.bytes += count;
      onBytes?.(count);
    },
  };
}

async function hashFile(findings: Findings, path: string): Promise<string> {
  const { signal, onBytes } = counting(findings);
  const hash = createHash('sha256');
  const handle = await openRegularFile(findings.directory, path);
  try {
    for await (const chunk of handle.createReadStream({ autoClose: false })) {
      signal.throwIfAborted();
      hash.update(chunk as Buffer);
      onBytes((chunk as Buffer).length);
    }
  } finally {
    await handle.close();
  }
  return hash.digest('hex');
}

/** Each blob is read once, for its digest and for the sums of its files. */
async function hashBlobs(findings: Findings, sums: Sums, contents: BundleContents): Promise<Sums> {
  const blobs = [...contents.blobs.values()];
  findings.options.onTotal?.(blobs.reduce((sum, { size }) => sum + size, 0));
  const actual = new Map<string, string>();
  for (const blob of blobs) {
    const files = filesOfBlob(contents, blob);
    const { digest } = blob;
    const hashed = await noting(findings, () =>
      hashBlob(findings.directory, { digest, files }, counting(findings)),
    );
    if (hashed === undefined) continue;
    for (const [path, sum] of hashed.sums) actual.set(path, sum);
    if (hashed.digest === digest) continue;
    // Of a blob in parts the sums know which it is.
    const wrong = files.find(({ path }) => hashed.sums.get(path) !== sums.get(path)) ?? files[0];
    blame(findings, wrong?.path, `does not match its digest ${digest}`);
  }
  return actual;
}

function wantedFiles(contents: BundleContents): Set<string> {
  const blobs = [...contents.blobs.values()].flatMap((blob) => filesOfBlob(contents, blob));
  return new Set([OCI_LAYOUT_FILE, INDEX_FILE, DOCUMENT_FILE, ...blobs.map(({ path }) => path)]);
}

function compareNames(findings: Findings, sums: Sums, wanted: ReadonlySet<string>): void {
  for (const file of wanted) {
    if (!sums.has(file)) blame(findings, file, `is not in ${SUMS_FILE}`);
  }
  for (const file of sums.keys()) {
    if (!wanted.has(file)) blame(findings, file, `is in ${SUMS_FILE} alone`);
  }
}

async function checkSums(findings: Findings, sums: Sums, contents: BundleContents | undefined) {
  const hashed = contents === undefined ? undefined : await hashBlobs(findings, sums, contents);
  if (contents !== undefined) compareNames(findings, sums, wantedFiles(contents));
  const blobFiles = new Set(contents === undefined ? [] : wantedFiles(contents));
  for (const [file, sum] of sums) {
    let actual = hashed?.get(file) ?? contents?.documentSums.get(file);
    const isTried = file.startsWith(`${BLOBS_DIRECTORY}/`) && blobFiles.has(file);
    if (actual === undefined && isTried) continue;
    actual ??= await noting(findings, () => hashFile(findings, file), file);
    if (actual === undefined || actual === sum) continue;
    blame(findings, file, `does not match ${SUMS_FILE}`);
  }
}

/** What lies in `blobs/` and is of no bundle is a problem: other programs would find it there. */
async function findOthers(findings: Findings, sums: Sums | undefined) {
  const { directory } = findings;
  const root = join(directory, BLOBS_DIRECTORY);
  const entries = await readdir(root, { withFileTypes: true, recursive: true }).catch(() => []);
  for (const entry of entries) {
    if (entry.isDirectory()) continue;
    const file = join(entry.parentPath, entry.name).slice(directory.length).replace(/^\/+/, '');
    if (isCoveredFile(file) && sums?.has(file) !== false) continue;
    blame(findings, file, 'does not belong to the bundle');
  }
}

const OWN: ReadonlySet<string> = new Set([
  OCI_LAYOUT_FILE,
  INDEX_FILE,
  DOCUMENT_FILE,
  SUMS_FILE,
  SIGNATURE_FILE,
  BLOBS_DIRECTORY,
]);

async function findStrangers(directory: string): Promise<string[]> {
  const names = await readdir(directory).catch(() => []);
  return names.filter((name) => !OWN.has(name)).sort();
}

async function checkFiles(
  findings: Findings,
): Promise<Pick<VerifiedBundle, 'contents' | 'signature'>> {
  const { directory } = findings;
  const contents = await noting(findings, () => readBundle(directory));
  const sumsFile = await noting(findings, () =>
    readSmallFile(directory, SUMS_FILE, MAX_DOCUMENT_BYTES),
  );
  const signature = await checkSignature(findings, sumsFile);
  const sums = await noting(findings, async () =>
    sumsFile === undefined ? undefined : parseSums(sumsFile.toString('utf8')),
  );
  if (sums !== undefined) await checkSums(findings, sums, contents);
  await findOthers(findings, sums);
  return { contents, signature };
}

/** What is wrong with it has been listed by then. */
async function findDocument(
  directory: string,
  contents: BundleContents | undefined,
): Promise<BundleDocument | undefined> {
  if (contents !== undefined) return contents.document;
  const read = await readBundleDocument(directory).catch(() => undefined);
  return read?.document;
}

/** @throws MirrorError `request-invalid` when the key is none; what is wrong with the bundle is listed */
export async function verifyBundle(
  directory: string,
  options: VerifyOptions,
): Promise<VerifiedBundle> {
  if (options.publicKey !== undefined) checkPublicKey(options.publicKey);
  const findings: Findings = { directory, options, problems: [], blamed: new Set(), bytes: 0 };
  await noting(findings, () => checkDirectories(directory));
  // A link for a directory leads to what is no business of ours.
  const isRefused = findings.problems.length > 0;
  const unread = { contents: undefined, signature: 'unchecked' } as const;
  const found = isRefused ? unread : await checkFiles(findings);
  const { problems, bytes } = findings;
  const document = await findDocument(directory, found.contents);
  return { ...found, document, problems, strangers: await findStrangers(directory), bytes };
}

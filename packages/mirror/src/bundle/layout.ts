// A bundle: images on a stick, for where there is no network. It is an OCI image layout (image-spec
// image-layout.md), so skopeo and oras read it as `oci:DIR:NAME` while no blob is split.
//
//   oci-layout             {"imageLayoutVersion":"1.0.0"}
//   index.json             one descriptor a reference: org.opencontainers.image.ref.name is its full
//                          name, docker.io/library/busybox:musl; where it came from, and when
//   blobs/sha256/<hex>     configs, layers and manifests, shared by everything; sha512 likewise
//   blobs/sha256/<hex>.part-0001, .part-0002 …   a blob above the size limit
//   bundle.json            id, base, counts, bytes, every blob, and those expected on the other side
//   SHA256SUMS             every file but itself and its signature, for `sha256sum -c`; written last
//   SHA256SUMS.sig         64 bytes of Ed25519 over SHA256SUMS; only when signed
//   unfinished/            bytes of blobs that are not there yet; only while an export is under way
//
// Every name is safe on FAT and exFAT: no `: * ? " < > |`, no links, and no two that differ in case
// alone. Names of images are never names of files.
import { Digest } from '@portolan/oci';

export const OCI_LAYOUT_FILE = 'oci-layout';
export const INDEX_FILE = 'index.json';
export const DOCUMENT_FILE = 'bundle.json';
export const SUMS_FILE = 'SHA256SUMS';
export const SIGNATURE_FILE = 'SHA256SUMS.sig';
export const BLOBS_DIRECTORY = 'blobs';
export const UNFINISHED_DIRECTORY = 'unfinished';

export const OCI_LAYOUT = '{"imageLayoutVersion":"1.0.0"}';

/** The largest file that FAT32 takes. */
export const DEFAULT_MAX_FILE_SIZE: number = 4 * 1024 ** 3 - 1;

/** Four digits of parts; more would be a limit that somebody mistyped. */
const MAX_PARTS = 9999;

/** Beyond the first one of each blob: a list of blobs that asks for more is meant to exhaust memory. */
export const MAX_FURTHER_PARTS = 1_000_000;

export interface BlobFile {
  /** Below the bundle's directory, with `/`. */
  readonly path: string;
  readonly size: number;
}

/** `sha256/<hex>` below `blobs/`. */
function blobPath(digest: Digest): string {
  return `${BLOBS_DIRECTORY}/${Digest.algorithm(digest)}/${Digest.hex(digest)}`;
}

export function countParts(size: number, maxFileSize: number): number {
  return Math.max(1, Math.ceil(size / maxFileSize));
}

export function mayBeSplit(parts: number): boolean {
  return parts <= MAX_PARTS;
}

/** The files that hold a blob, in order. */
export function blobFiles(
  { digest, size }: { readonly digest: Digest; readonly size: number },
  maxFileSize: number,
): readonly BlobFile[] {
  const path = blobPath(digest);
  const parts = countParts(size, maxFileSize);
  if (parts === 1) return [{ path, size }];
  return Array.from({ length: parts }, (_, i) => ({
    path: `${path}.part-${String(i + 1).padStart(4, '0')}`,
    size: Math.min(maxFileSize, size - i * maxFileSize),
  }));
}

/** Where the bytes of a blob's file are gathered before it gets its name. */
export function unfinishedPath({ path }: BlobFile): string {
  return `${UNFINISHED_DIRECTORY}/${path.slice(path.lastIndexOf('/') + 1)}`;
}

const BLOB_FILE = /^blobs\/(?:sha256\/[0-9a-f]{64}|sha512\/[0-9a-f]{128})(?:\.part-\d{4})?$/;
const COVERED: ReadonlySet<string> = new Set([OCI_LAYOUT_FILE, INDEX_FILE, DOCUMENT_FILE]);

/** Whether SHA256SUMS may name this file; everything else in it is not of a bundle. */
export function isCoveredFile(path: string): boolean {
  return COVERED.has(path) || BLOB_FILE.test(path);
}

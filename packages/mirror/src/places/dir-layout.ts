// The names in a `dir:` tree of skopeo's:
//
//   <root>/<scope>/<repository>:<tag>/        or <repository>@sha256:<hex>/
//     version               text, not the format of the manifest
//     manifest.json         the exact bytes of what the tag points at
//     <hex>                 a config or layer, without its algorithm
//     <hex>.manifest.json   a child of an index
//     signature-<n>         simple signing; neither read nor written here
//
// A directory with a manifest.json is an image; its path below the root is its reference.
import { Digest, type Reference, Tag } from '@portolan/oci';
import { isVacant } from '@portolan/storage';
import type { Dirent } from 'node:fs';
import { readdir } from 'node:fs/promises';
import { basename, join, relative, sep } from 'node:path';
import { mirrorError } from '../errors.ts';

export const MANIFEST_FILE = 'manifest.json';
export const VERSION_FILE = 'version';
export const VERSION_TEXT = 'Directory Transport Version: 1.1\n';
/** Of ours, at the root: what has come in and has no image yet. No name of an image begins so. */
export const STAGING_DIRECTORY = '.portolan-partial';

const CONTENT_FILE = /^(?:[0-9a-f]{64}|[0-9a-f]{128})(?:\.manifest\.json|\.signature-\d+)?$/;
const SIGNATURE_FILE = /(?:^|\.)signature-\d+$/;

export const blobFile = (digest: Digest): string => Digest.hex(digest);
export const childFile = (digest: Digest): string => `${Digest.hex(digest)}.manifest.json`;
export const isSignatureFile = (name: string): boolean => SIGNATURE_FILE.test(name);
/** Whether the file belongs to one image and to no other in the same directory. */
export const isContentFile = (name: string): boolean =>
  CONTENT_FILE.test(name) || isSignatureFile(name);

/** One image of a tree. */
export interface DirImage {
  readonly directory: string;
  /** Its path below the root without the reference, `docker.io/library/busybox`. */
  readonly name: string;
  /** Undefined when the directory's name has none, which means `latest`. */
  readonly reference: Reference | undefined;
}

/** @throws MirrorError `request-invalid`: a name that leaves the root */
export function imageDirectory(root: string, name: string, reference: Reference): string {
  const parts = name.split('/');
  if (parts.some((part) => part === '' || part === '.' || part === '..' || part.includes('\\'))) {
    throw mirrorError('request-invalid', 'name cannot be a path', { name });
  }
  const end = reference.kind === 'tag' ? `:${reference.tag}` : `@${reference.digest}`;
  return join(root, ...parts) + end;
}

function splitReference(last: string): Pick<DirImage, 'name' | 'reference'> {
  const at = last.indexOf('@');
  const digest = at === -1 ? undefined : Digest.find(last.slice(at + 1));
  if (digest !== undefined) {
    // `name:tag@digest` is what docker calls it; the digest says it all.
    const name = last.slice(0, at).replace(/:.*$/, '');
    return { name, reference: { kind: 'digest', digest } };
  }
  const colon = last.lastIndexOf(':');
  const tag = colon === -1 ? undefined : Tag.find(last.slice(colon + 1));
  if (tag === undefined) return { name: last, reference: undefined };
  return { name: last.slice(0, colon), reference: { kind: 'tag', tag } };
}

function imageAt(root: string, directory: string): DirImage {
  const path = relative(root, directory);
  const parts = (path === '' ? basename(root) : path).split(sep);
  const { name, reference } = splitReference(parts.at(-1) ?? '');
  return { directory, name: [...parts.slice(0, -1), name].join('/'), reference };
}

/** What is in a directory; nothing when there is none. */
export async function listDirectory(directory: string): Promise<readonly Dirent[]> {
  try {
    return await readdir(directory, { withFileTypes: true });
  } catch (error) {
    if (isVacant(error)) return [];
    throw error;
  }
}

/** Every directory below `root` (and itself), with its entries; links are not followed. */
export async function* walkTree(
  root: string,
): AsyncGenerator<{ readonly directory: string; readonly entries: readonly Dirent[] }> {
  const entries = await listDirectory(root);
  yield { directory: root, entries };
  for (const entry of entries) {
    if (entry.isDirectory() && entry.name !== STAGING_DIRECTORY) {
      yield* walkTree(join(root, entry.name));
    }
  }
}

/** All images of a tree, in the order of their names. A `root` that is itself an image is one. */
export async function listDirImages(root: string): Promise<readonly DirImage[]> {
  const images: DirImage[] = [];
  for await (const { directory, entries } of walkTree(root)) {
    if (entries.some((entry) => entry.isFile() && entry.name === MANIFEST_FILE)) {
      images.push(imageAt(root, directory));
    }
  }
  return images.sort((a, b) => (a.directory < b.directory ? -1 : 1));
}

// Images of a `dir:` tree as a repository to read from. Every file is compared with its digest, and an
// error names the file, since somebody has to find it on a stick.
import { type Descriptor, type Digest, type Reference, Tag } from '@portolan/oci';
import { join } from 'node:path';
import { mirrorError } from '../errors.ts';
import { fileSize, readBlobFile, readManifestFile } from './dir-files.ts';
import { blobFile, childFile, type DirImage, MANIFEST_FILE } from './dir-layout.ts';
import type { FetchedManifest, SourceRepository } from './place.ts';

const LATEST = Tag.parse('latest');

function tagOf({ reference }: DirImage): Tag | undefined {
  if (reference === undefined) return LATEST;
  return reference.kind === 'tag' ? reference.tag : undefined;
}

async function findByTag(
  images: readonly DirImage[],
  tag: Tag,
): Promise<FetchedManifest | undefined> {
  const image = images.find((one) => tagOf(one) === tag);
  if (image === undefined) return undefined;
  return readManifestFile(join(image.directory, MANIFEST_FILE), undefined);
}

async function findByDigest(
  images: readonly DirImage[],
  digest: Digest,
): Promise<FetchedManifest | undefined> {
  for (const { directory, reference } of images) {
    const isNamed = reference?.kind === 'digest' && reference.digest === digest;
    const file = join(directory, isNamed ? MANIFEST_FILE : childFile(digest));
    const found = await readManifestFile(file, digest);
    if (found !== undefined) return found;
  }
  for (const { directory } of images) {
    const found = await readManifestFile(join(directory, MANIFEST_FILE), undefined);
    if (found?.digest === digest) return found;
  }
  return undefined;
}

async function findBlob(images: readonly DirImage[], { digest }: Descriptor): Promise<string> {
  const files = images.map(({ directory }) => join(directory, blobFile(digest)));
  for (const file of files) {
    if ((await fileSize(file)) !== undefined) return file;
  }
  throw mirrorError('place-incomplete', 'a blob is missing', {
    file: files[0] ?? blobFile(digest),
    hint: 'copy the image again',
  });
}

/** `images` are the tags of one repository, or a single image. */
export function createDirRepository(name: string, images: readonly DirImage[]): SourceRepository {
  const manifest = async (reference: Reference, signal: AbortSignal) => {
    signal.throwIfAborted();
    return reference.kind === 'tag'
      ? findByTag(images, reference.tag)
      : findByDigest(images, reference.digest);
  };
  return {
    name,
    manifest,
    tags: async () => images.map(tagOf).filter((tag) => tag !== undefined),
    async head(reference, signal) {
      const found = await manifest(reference, signal);
      if (found === undefined) return undefined;
      return { digest: found.digest, mediaType: found.mediaType, size: found.body.length };
    },
    async blob(descriptor, start, signal) {
      signal.throwIfAborted();
      return readBlobFile(await findBlob(images, descriptor), descriptor, start, signal);
    },
    referrers: async () => [],
  };
}

// A repository in a bundle: to read from one that is complete, and to write to one in the making.
import type { Descriptor, Digest, Reference, RepositoryName } from '@portolan/oci';
import {
  type BundleContents,
  type BundledManifest,
  filesOfBlob,
  readManifestBody,
} from '../bundle/bundle-contents.ts';
import type { BundleWriter } from '../bundle/bundle-writer.ts';
import { readBlob } from '../bundle/stored-blob.ts';
import { mirrorError } from '../errors.ts';
import type { ManifestHead, SinkRepository, SourceRepository } from './place.ts';
import { untilAborted } from './until-aborted.ts';

function findManifest(
  { repositories }: BundleContents,
  repository: RepositoryName,
  reference: Reference,
): BundledManifest | undefined {
  const found = repositories.get(repository);
  const digest = reference.kind === 'digest' ? reference.digest : found?.tags.get(reference.tag);
  return digest === undefined ? undefined : found?.manifests.get(digest);
}

function describe({ digest, mediaType, size, manifest }: BundledManifest): Descriptor {
  const { artifactType, annotations } = manifest;
  return {
    mediaType,
    digest,
    size,
    ...(artifactType === undefined ? {} : { artifactType }),
    ...(Object.keys(annotations).length === 0 ? {} : { annotations }),
  };
}

/** Ascending by digest. */
export function referrersIn(
  { repositories }: BundleContents,
  repository: RepositoryName,
  subject: Digest,
): readonly Descriptor[] {
  const manifests = [...(repositories.get(repository)?.manifests.values() ?? [])];
  return manifests
    .filter(({ manifest }) => manifest.subject?.digest === subject)
    .map(describe)
    .sort((a, b) => (a.digest < b.digest ? -1 : 1));
}

/** @throws MirrorError `place-incomplete` */
function openBlob(contents: BundleContents, { digest }: Descriptor, start: number) {
  const blob = contents.blobs.get(digest);
  if (blob !== undefined) return readBlob(contents.directory, filesOfBlob(contents, blob), start);
  const { id, base } = contents.document;
  throw mirrorError('place-incomplete', 'the bundle does not hold a blob', {
    digest,
    bundle: id,
    ...(base === undefined ? {} : { base: base.id }),
  });
}

export function createBundleSource(
  contents: BundleContents,
  repository: RepositoryName,
): SourceRepository {
  return {
    name: `${repository} in ${contents.directory}`,
    async tags(signal) {
      signal.throwIfAborted();
      return [...(contents.repositories.get(repository)?.tags.keys() ?? [])];
    },
    async head(reference, signal): Promise<ManifestHead | undefined> {
      signal.throwIfAborted();
      return findManifest(contents, repository, reference);
    },
    async manifest(reference, signal) {
      signal.throwIfAborted();
      const found = findManifest(contents, repository, reference);
      const blob = found === undefined ? undefined : contents.blobs.get(found.digest);
      if (found === undefined || blob === undefined) return undefined;
      const { digest, mediaType } = found;
      return { digest, mediaType, body: await readManifestBody(contents, blob) };
    },
    async blob(descriptor, start, signal) {
      signal.throwIfAborted();
      return untilAborted(openBlob(contents, descriptor, start), signal);
    },
    async referrers(subject, signal) {
      signal.throwIfAborted();
      return referrersIn(contents, repository, subject);
    },
  };
}

export interface BundleSinkOptions {
  readonly repository: RepositoryName;
  /** Name of the repository that it is copied from. */
  readonly source: string;
  /** Told of the bytes that come onto the stick. */
  readonly onWritten?: (bytes: number) => void;
}

export function createBundleSink(
  writer: BundleWriter,
  { repository, source, onWritten }: BundleSinkOptions,
): SinkRepository {
  return {
    name: repository,
    async head(reference, signal) {
      signal.throwIfAborted();
      const found = writer.findManifest(repository, reference)?.fetched;
      if (found === undefined) return undefined;
      return { digest: found.digest, mediaType: found.mediaType, size: found.body.length };
    },
    async manifest(reference, signal) {
      signal.throwIfAborted();
      return writer.findManifest(repository, reference)?.fetched;
    },
    hasBlob: (descriptor, signal) => writer.hasBlob(descriptor, signal),
    async putBlob(descriptor, open, signal) {
      signal.throwIfAborted();
      const bytes = await writer.putBlob(descriptor, open, signal);
      onWritten?.(bytes);
    },
    async putManifest(manifest, tags, signal) {
      signal.throwIfAborted();
      const bytes = await writer.putManifest({ repository, source, manifest, tags }, signal);
      onWritten?.(bytes);
    },
  };
}

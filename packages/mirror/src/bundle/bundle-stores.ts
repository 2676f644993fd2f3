// A bundle in place of our own content, for a registry that serves the stick as it is. It only reads: what
// a client would write is refused, and nothing on the stick changes.
import { type Digest, DomainError, MediaType, type RepositoryName } from '@portolan/oci';
import type { ByteRange, ContentStores, StoredBlob } from '@portolan/storage';
import { join } from 'node:path';
import { Readable } from 'node:stream';
import { mirrorError } from '../errors.ts';
import { referrersIn } from '../places/bundle-repository.ts';
import { type BundleContents, filesOfBlob, readManifestBody } from './bundle-contents.ts';
import { fileSize } from './bundle-files.ts';
import { readBlob } from './stored-blob.ts';

export type BundleStores = Omit<ContentStores, 'collector'>;

interface PageOf {
  readonly last?: string;
  readonly limit: number;
}

/** The code is the registry's own: the request is right, this server just never does it. */
function refuseWrite(): never {
  throw new DomainError('method-not-allowed', 'this registry serves a bundle and takes nothing', {
    hint: 'import the bundle with `portolan bundle import` to change what is in it',
  });
}

const refuse = async (): Promise<never> => refuseWrite();

function pageOf(names: readonly string[], { last, limit }: PageOf) {
  const after = last === undefined ? names : names.filter((name) => name > last);
  return { page: after.slice(0, limit), hasMore: limit > 0 && after.length > limit };
}

async function* firstBytes(
  chunks: AsyncIterable<Uint8Array>,
  count: number,
): AsyncGenerator<Uint8Array> {
  let left = count;
  for await (const chunk of chunks) {
    yield chunk.subarray(0, left);
    left -= chunk.length;
    if (left <= 0) return;
  }
}

function blobStore(contents: BundleContents): ContentStores['blobs'] {
  const { directory, repositories } = contents;
  const namesOf = new Map<RepositoryName, ReadonlySet<Digest>>();
  for (const [name, { manifests }] of repositories) {
    const digests = [...manifests.values()].flatMap(({ manifest }) =>
      manifest.references.map(({ descriptor }) => descriptor.digest),
    );
    namesOf.set(name, new Set(digests));
  }

  async function find(repository: RepositoryName, digest: Digest): Promise<StoredBlob | undefined> {
    const blob = contents.blobs.get(digest);
    if (blob === undefined || namesOf.get(repository)?.has(digest) !== true) return undefined;
    return { digest, size: blob.size, file: digest };
  }

  async function read({ digest, size }: StoredBlob, range?: ByteRange): Promise<Buffer | Readable> {
    const blob = contents.blobs.get(digest);
    const files = blob === undefined ? [] : filesOfBlob(contents, blob);
    for (const file of files) {
      if ((await fileSize(join(directory, file.path))) === file.size) continue;
      throw mirrorError('place-incomplete', `${file.path} is missing or cut off`, { directory });
    }
    if (size === 0) return Buffer.alloc(0);
    const { start, end } = range ?? { start: 0, end: size - 1 };
    const bytes = firstBytes(readBlob(directory, files, start), end + 1 - start);
    return Readable.from(bytes, { objectMode: false });
  }

  return {
    find,
    findForPush: find,
    read,
    mount: refuse,
    linkFromAnywhere: refuse,
    isAnywhere: async (digest) => contents.blobs.has(digest),
    delete: refuse,
  };
}

function manifestStore(contents: BundleContents): ContentStores['manifests'] {
  return {
    async find(repository, digest) {
      const found = contents.repositories.get(repository)?.manifests.get(digest);
      const blob = contents.blobs.get(digest);
      if (found === undefined || blob === undefined) return undefined;
      const body = await readManifestBody(contents, blob);
      return { digest, mediaType: MediaType.parse(found.mediaType), body };
    },
    async isChild(repository, digest) {
      const manifests = contents.repositories.get(repository)?.manifests.values() ?? [];
      return [...manifests].some(({ manifest }) =>
        manifest.references.some(
          ({ kind, descriptor }) => kind === 'child' && descriptor.digest === digest,
        ),
      );
    },
    put: refuse,
    delete: refuse,
  };
}

function tagStore({ repositories }: BundleContents): ContentStores['tags'] {
  return {
    resolve: async (repository, tag) => repositories.get(repository)?.tags.get(tag),
    async list(repository, request) {
      const found = repositories.get(repository);
      if (found === undefined) return undefined;
      const { page, hasMore } = pageOf([...found.tags.keys()].sort(), request);
      return { tags: page, hasMore };
    },
    delete: refuse,
  };
}

/** All of a bundle is public where it is served, so a catalog hides nothing. */
export function createBundleStores(contents: BundleContents): BundleStores {
  const names = [...contents.repositories.keys()].sort();
  return {
    repositories: {
      async list(_filter, request) {
        const { page, hasMore } = pageOf(names, request);
        return { names: page, hasMore };
      },
      isInMirror: async () => false,
    },
    blobs: blobStore(contents),
    manifests: manifestStore(contents),
    tags: tagStore(contents),
    referrers: {
      async list(repository, subject, { artifactType, last, limit }) {
        const all = referrersIn(contents, repository, subject)
          .filter((one) => artifactType === undefined || one.artifactType === artifactType)
          .filter(({ digest }) => last === undefined || digest > last);
        return { referrers: all.slice(0, limit), hasMore: limit > 0 && all.length > limit };
      },
    },
    uploads: {
      begin: refuse,
      find: async () => undefined,
      append: refuse,
      commit: refuse,
      cancel: refuse,
    },
  };
}

// A repository of our own, over the stores: what a rule or a bundle is copied to, and what a bundle is
// made from. Rights are not asked here: whoever calls has them, and the namespace is a mirror.
import {
  type Descriptor,
  type Digest,
  DomainError,
  type Manifest,
  parseManifest,
  type Reference,
  type RepositoryName,
  type Tag,
} from '@portolan/oci';
import type { ContentStores, MirrorDownloadStore, StoredManifest } from '@portolan/storage';
import { mirrorError } from '../errors.ts';
import { downloadBlob } from './local-downloads.ts';
import type { FetchedManifest, SinkRepository, SourceRepository } from './place.ts';
import { untilAborted } from './until-aborted.ts';

export interface LocalRepositoryDeps {
  readonly content: Pick<ContentStores, 'blobs' | 'uploads' | 'manifests' | 'tags' | 'referrers'>;
  readonly downloads: MirrorDownloadStore;
}

export type LocalRepository = SourceRepository & SinkRepository;

type Content = LocalRepositoryDeps['content'];

const PAGE = 1000;
const REFERRER_PAGE_BYTES = 4 * 1024 * 1024;

function absent(what: string): Error {
  return mirrorError('upstream-absent', `${what} is not in this registry`);
}

async function findManifest(
  { manifests, tags }: Content,
  name: RepositoryName,
  reference: Reference,
): Promise<StoredManifest | undefined> {
  const digest =
    reference.kind === 'digest' ? reference.digest : await tags.resolve(name, reference.tag);
  return digest === undefined ? undefined : await manifests.find(name, digest);
}

async function listTags({ tags }: Content, name: RepositoryName): Promise<readonly Tag[]> {
  const all: string[] = [];
  for (;;) {
    const last = all.at(-1);
    const page = await tags.list(name, { limit: PAGE, ...(last === undefined ? {} : { last }) });
    if (page === undefined) throw absent(name);
    all.push(...page.tags);
    if (!page.hasMore) return all as unknown as readonly Tag[];
  }
}

async function listReferrers(
  { referrers }: Content,
  name: RepositoryName,
  subject: Digest,
): Promise<readonly Descriptor[]> {
  const all: Descriptor[] = [];
  for (;;) {
    const last = all.at(-1)?.digest;
    const page = await referrers.list(name, subject, {
      limit: PAGE,
      maxBytes: REFERRER_PAGE_BYTES,
      ...(last === undefined ? {} : { last }),
    });
    all.push(...page.referrers);
    if (!page.hasMore) return all;
  }
}

async function* whole(body: Buffer): AsyncGenerator<Uint8Array> {
  if (body.length > 0) yield body;
}

async function openBlob(
  { blobs }: Content,
  name: RepositoryName,
  { digest, start }: { readonly digest: Digest; readonly start: number },
): Promise<AsyncIterable<Uint8Array>> {
  const blob = await blobs.find(name, digest);
  if (blob === undefined) throw absent(`${name}@${digest}`);
  if (start >= blob.size) return whole(Buffer.alloc(0));
  const body = await blobs.read(blob, { start, end: blob.size - 1 });
  return Buffer.isBuffer(body) ? whole(body) : body;
}

/** What a registry would refuse from whoever pushes it, an upstream has no business with either. */
function readManifest({ body, mediaType, digest }: FetchedManifest): Manifest {
  try {
    return parseManifest(body, mediaType);
  } catch (error) {
    if (!(error instanceof DomainError)) throw error;
    const detail = { ...error.detail, digest };
    throw mirrorError('upstream-corrupt', error.message, detail, error);
  }
}

function createSource({ content }: LocalRepositoryDeps, name: RepositoryName): SourceRepository {
  return {
    name,
    async tags(signal) {
      signal.throwIfAborted();
      return await listTags(content, name);
    },
    async head(reference, signal) {
      signal.throwIfAborted();
      const manifest = await findManifest(content, name, reference);
      if (manifest === undefined) return undefined;
      const { digest, mediaType, body } = manifest;
      return { digest, mediaType, size: body.length };
    },
    async manifest(reference, signal) {
      signal.throwIfAborted();
      return await findManifest(content, name, reference);
    },
    async blob({ digest }, start, signal) {
      signal.throwIfAborted();
      return untilAborted(await openBlob(content, name, { digest, start }), signal);
    },
    async referrers(subject, signal) {
      signal.throwIfAborted();
      return await listReferrers(content, name, subject);
    },
  };
}

/** @param actor for the history of the tags */
export function createLocalRepository(
  deps: LocalRepositoryDeps,
  name: RepositoryName,
  actor: string,
): LocalRepository {
  const { blobs, uploads, manifests } = deps.content;

  async function put(fetched: FetchedManifest, tags: readonly Tag[]): Promise<void> {
    const manifest = readManifest(fetched);
    const { digest, body } = fetched;
    const request = { repository: name, digest, manifest, body, tags, actor };
    await manifests.put({ ...request, right: 'mirror' });
  }

  /** Put anew, it has a new lease. */
  async function keep(digest: Digest): Promise<boolean> {
    const found = await manifests.find(name, digest);
    if (found === undefined) return false;
    try {
      await put(found, []);
      return true;
    } catch (error) {
      // Collection was faster, and has taken its blobs.
      if (error instanceof DomainError && error.code === 'manifest-reference-unknown') return false;
      throw error;
    }
  }

  return {
    ...createSource(deps, name),
    async keep(digest, signal) {
      signal.throwIfAborted();
      return await keep(digest);
    },
    async hasBlob({ digest, size }, signal) {
      signal.throwIfAborted();
      const blob =
        (await blobs.findForPush(name, digest)) ?? (await blobs.linkFromAnywhere(name, digest));
      // Of another size it is not what the manifest says; then the upstream's own bytes decide.
      return blob?.size === size;
    },
    putBlob: (descriptor, open, signal) =>
      downloadBlob({ uploads, downloads: deps.downloads }, name, { descriptor, open, signal }),
    async putManifest(fetched, tags, signal) {
      signal.throwIfAborted();
      await put(fetched, tags);
    },
  };
}

// Writes `dir:` trees that skopeo reads. An image's manifest.json comes last, so a directory that has
// one was whole once. A second run hashes what is there, skips the images that still are, and completes
// the others. A blob is stored once, and linked into every image that has it.
import {
  type Descriptor,
  type Digest,
  parseManifest,
  type Reference,
  type Tag,
} from '@portolan/oci';
import { trySyncDirectory } from '@portolan/storage';
import { rm } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { orAborted } from '../copy/or-aborted.ts';
import { createSlots, type Slots } from '../copy/at-most.ts';
import { mirrorError } from '../errors.ts';
import {
  makeImageDirectory,
  readManifestFile,
  refuseLinks,
  removeSpecial,
  shareFile,
  writeWhole,
} from './dir-files.ts';
import { createDirInventory, type DirInventory } from './dir-inventory.ts';
import {
  blobFile,
  childFile,
  imageDirectory,
  isContentFile,
  listDirectory,
  MANIFEST_FILE,
  VERSION_FILE,
  VERSION_TEXT,
} from './dir-layout.ts';
import { createDirStaging, type DirStaging, type StagingOwner } from './dir-staging.ts';
import type { FetchedManifest, ManifestHead, SinkRepository } from './place.ts';
import { createSoundFiles, type SoundFiles, type WantedFile } from './sound-files.ts';

export interface DirTree {
  /**
   * A repository to write to. Manifests without a tag are kept as children of an index, but for
   * `image`: that one becomes the directory `<name>@<digest>`.
   */
  repository(name: string, image?: Digest): SinkRepository;
  /** Removes what replaced images have left, and what came in and was not needed. */
  close(): Promise<void>;
}

interface Tree {
  readonly root: string;
  readonly sound: SoundFiles;
  readonly inventory: DirInventory;
  readonly staging: DirStaging;
  /** Directories whose manifest was replaced. */
  readonly written: Set<string>;
  /** One image after the other: the first one takes a blob out of the staging directory. */
  readonly inTurn: Slots;
}

/** A file that an image consists of, beside its manifest. */
interface Part {
  readonly file: string;
  readonly descriptor: Descriptor;
  readonly isChild: boolean;
  readonly isRequired: boolean;
}

function partsOf(manifest: FetchedManifest): readonly Part[] {
  return parseManifest(manifest.body, manifest.mediaType).references.map((reference) => {
    const { descriptor, kind } = reference;
    const isChild = kind === 'child';
    const file = isChild ? childFile(descriptor.digest) : blobFile(descriptor.digest);
    return { file, descriptor, isChild, isRequired: reference.isRequired };
  });
}

type Find = (part: Part) => Promise<string | undefined>;

const wantedFile = ({ file, descriptor: { digest, size } }: Part): WantedFile => ({
  file,
  digest,
  size,
});

/** Every part of the image with the file it is in; children that are not there have none. */
async function* collectParts(
  manifest: FetchedManifest,
  find: Find,
): AsyncGenerator<{ readonly part: Part; readonly found: string | undefined }> {
  for (const part of partsOf(manifest)) {
    const found = await find(part);
    // Read before anything is done with the file.
    const child =
      part.isChild && found !== undefined
        ? await readManifestFile(found, part.descriptor.digest)
        : undefined;
    yield { part, found };
    if (child !== undefined) yield* collectParts(child, find);
  }
}

async function isWhole(manifest: FetchedManifest, find: Find): Promise<boolean> {
  for await (const { part, found } of collectParts(manifest, find)) {
    if (found === undefined && part.isRequired) return false;
  }
  return true;
}

function findIn({ sound }: Tree, directory: string, signal?: AbortSignal): Find {
  return async (part) => {
    signal?.throwIfAborted();
    const path = join(directory, part.file);
    return (await sound.check(path, wantedFile(part))) === 'sound' ? path : undefined;
  };
}

/** What is not JSON any more was cut off while it was written (skopeo writes it in place). */
async function readImage(directory: string): Promise<FetchedManifest | undefined> {
  try {
    return await readManifestFile(join(directory, MANIFEST_FILE), undefined);
  } catch {
    return undefined;
  }
}

async function wholeImage(
  tree: Tree,
  directory: string,
  signal?: AbortSignal,
): Promise<FetchedManifest | undefined> {
  const manifest = await readImage(directory);
  if (manifest === undefined) return undefined;
  return (await isWhole(manifest, findIn(tree, directory, signal))) ? manifest : undefined;
}

function missing(directory: string, { file, descriptor }: Part): never {
  const { digest } = descriptor;
  throw mirrorError('place-incomplete', 'a blob of the image is missing', {
    file: join(directory, file),
    digest,
  });
}

/** Puts the part into the image, and in the place of every broken file that has its name. */
async function placePart(tree: Tree, found: string, target: string, part: Part): Promise<void> {
  const { sound, inventory, staging } = tree;
  await removeSpecial(target);
  const isThere = (await sound.check(target, wantedFile(part))) === 'sound';
  const broken = inventory.broken(part.file).filter((path) => path !== found);
  for (const path of new Set([...(isThere ? [] : [target]), ...broken])) {
    await shareFile(found, path);
    await inventory.add(part.file, path);
  }
  if (!isThere && dirname(found) === staging.directory) await rm(found, { force: true });
}

async function fillDirectory(
  tree: Tree,
  directory: string,
  manifest: FetchedManifest,
): Promise<void> {
  await refuseLinks(tree.root, directory);
  await makeImageDirectory(directory);
  const find: Find = (part) => tree.inventory.find(wantedFile(part));
  for await (const { part, found } of collectParts(manifest, find)) {
    const target = join(directory, part.file);
    if (found === undefined) {
      // A child that is not there was left out by whoever chose the platforms.
      if (part.isRequired && !part.isChild) missing(directory, part);
      continue;
    }
    await placePart(tree, found, target, part);
  }
}

async function writeImage(tree: Tree, directory: string, manifest: FetchedManifest): Promise<void> {
  const existing = await wholeImage(tree, directory);
  if (existing?.body.equals(manifest.body) === true) return;
  await tree.staging.open();
  await fillDirectory(tree, directory, manifest);
  await writeWhole(join(directory, VERSION_FILE), VERSION_TEXT);
  await writeWhole(join(directory, MANIFEST_FILE), manifest.body);
  await trySyncDirectory(dirname(directory));
  tree.written.add(directory);
}

async function stageChild(tree: Tree, manifest: FetchedManifest): Promise<void> {
  const { inventory, staging } = tree;
  const name = childFile(manifest.digest);
  const { digest, body } = manifest;
  if ((await inventory.find({ file: name, digest, size: body.length })) !== undefined) return;
  await staging.open();
  const file = join(staging.directory, name);
  await writeWhole(file, manifest.body);
  await inventory.add(name, file);
}

async function findChild(
  tree: Tree,
  digest: Digest,
  signal: AbortSignal,
): Promise<FetchedManifest | undefined> {
  const { inventory } = tree;
  const file = await inventory.find({ file: childFile(digest), digest, size: undefined });
  if (file === undefined) return undefined;
  const manifest = await readManifestFile(file, digest);
  if (manifest === undefined) return undefined;
  const find: Find = (part) => {
    signal.throwIfAborted();
    return inventory.find(wantedFile(part));
  };
  return (await isWhole(manifest, find)) ? manifest : undefined;
}

function createSink(tree: Tree, name: string, image: Digest | undefined): SinkRepository {
  const { root, sound, inventory, staging } = tree;
  const directoryOf = (reference: Reference) => imageDirectory(root, name, reference);
  const find = (reference: Reference, signal: AbortSignal): Promise<FetchedManifest | undefined> =>
    reference.kind === 'digest' && reference.digest !== image
      ? findChild(tree, reference.digest, signal)
      : wholeImage(tree, directoryOf(reference), signal);
  return {
    name: join(root, name),
    async head(reference, signal): Promise<ManifestHead | undefined> {
      signal.throwIfAborted();
      // Hashing a large file takes a while; who has given up does not wait for it.
      const found = await orAborted(find(reference, signal), signal);
      if (found === undefined) return undefined;
      return { digest: found.digest, mediaType: found.mediaType, size: found.body.length };
    },
    async hasBlob({ digest, size }, signal) {
      signal.throwIfAborted();
      const found = inventory.find({ file: blobFile(digest), digest, size });
      return (await orAborted(found, signal)) !== undefined;
    },
    async putBlob(descriptor, open, signal) {
      const file = await staging.take(descriptor, open, signal);
      await sound.trust(file, descriptor.digest);
      await inventory.add(blobFile(descriptor.digest), file);
    },
    async putManifest(manifest, tags: readonly Tag[], signal) {
      signal.throwIfAborted();
      const references: Reference[] = tags.map((tag) => ({ kind: 'tag', tag }));
      if (manifest.digest === image) references.push({ kind: 'digest', digest: image });
      if (references.length === 0) await tree.inTurn(() => stageChild(tree, manifest));
      for (const reference of references) {
        await tree.inTurn(() => writeImage(tree, directoryOf(reference), manifest));
      }
    },
  };
}

/** A replaced image's files, and its signatures, which are not those of the new one. */
async function removeLeftovers(tree: Tree, directory: string): Promise<void> {
  const manifest = await readImage(directory);
  if (manifest === undefined) return;
  const needed = new Set<string>();
  for await (const { part } of collectParts(manifest, findIn(tree, directory)))
    needed.add(part.file);
  for (const { name } of await listDirectory(directory)) {
    if (isContentFile(name) && !needed.has(name)) await rm(join(directory, name), { force: true });
  }
}

async function emptyStaging({ directory }: DirStaging): Promise<void> {
  for (const { name } of await listDirectory(directory)) {
    if (isContentFile(name)) await rm(join(directory, name), { force: true });
  }
}

/** Writes nothing before the first blob or manifest does. */
export function createDirTree(root: string, owner: StagingOwner): DirTree {
  const sound = createSoundFiles();
  const tree: Tree = {
    root,
    sound,
    inventory: createDirInventory(root, sound),
    staging: createDirStaging(root, owner),
    written: new Set(),
    inTurn: createSlots(1),
  };
  return {
    repository: (name, image) => createSink(tree, name, image),
    async close() {
      for (const directory of tree.written) await removeLeftovers(tree, directory);
      if (tree.written.size > 0) await emptyStaging(tree.staging);
      await tree.staging.close();
    },
  };
}

// One client that pushes, moves and deletes at random until its connection breaks, and writes down
// each request before it goes out and each answer when it comes. Tags and images are its own, layers
// are shared with all writers, so that deduplication, mounts and collection meet.
import { randomInt } from 'node:crypto';
import { type Content, type Image, makeImage, makeIndex, randomBlob } from '../support/image.ts';
import {
  type BlobPush,
  pushBlob,
  putManifest,
  RefusedError,
  type RegistryClient,
  UPLOAD_STYLES,
} from '../support/registry-client.ts';
import { ABSENT, type Ledger, type TagPlace } from './ledger.ts';

export interface WriterDeps {
  readonly client: RegistryClient;
  readonly ledger: Ledger;
  readonly name: string;
  readonly repository: string;
  /** The repositories that the layers may be mounted from. */
  readonly repositories: readonly string[];
  readonly sharedLayers: readonly Content[];
  /** Counts what was done, by kind. */
  count(operation: string): void;
}

const TAGS_PER_WRITER = 5;

function pick<Value>(values: readonly Value[]): Value {
  const value = values[randomInt(values.length)];
  if (value === undefined) throw new Error('nothing to pick from');
  return value;
}

function randomImage(deps: WriterDeps): Image {
  const algorithm = randomInt(5) === 0 ? 'sha512' : 'sha256';
  const fresh = randomBlob(randomInt(1, 64_000), algorithm);
  const layerContents = [fresh, pick(deps.sharedLayers), pick(deps.sharedLayers)];
  return makeImage({ algorithm, layerContents: [...new Set(layerContents)] });
}

/** As docker does: a blob that is there already is not sent again. */
async function ensureBlob(deps: WriterDeps, blob: Content): Promise<void> {
  const { client, repository } = deps;
  if (randomInt(2) === 0) {
    const path = `/v2/${repository}/blobs/${blob.digest}`;
    const head = await client.expect([200, 404], 'HEAD', path);
    if (head.status === 200) return;
  }
  const push: BlobPush = { repository, blob, style: pick(UPLOAD_STYLES) };
  await pushBlob(client, { ...push, from: pick(deps.repositories) });
  deps.count(push.style);
}

/** `mayBeGone` is for a manifest whose blobs may have been collected: then 400 is right. */
async function tagManifest(
  deps: WriterDeps,
  root: Content,
  place: TagPlace,
  { mayBeGone }: { readonly mayBeGone: boolean },
): Promise<void> {
  const { client, ledger, repository } = deps;
  const before = ledger.allowed(place);
  ledger.begin(place, root.digest);
  const sentAt = Date.now();
  const answer = await putManifest(client, repository, root, place.tag);
  if (answer.status === 201) {
    ledger.settle(place, root.digest);
    ledger.promise({ repository, digest: root.digest, sentAt });
    return;
  }
  if (!(mayBeGone && answer.status === 400)) {
    throw new RefusedError(`PUT ${root.digest}`, answer.status, answer.bytes.toString());
  }
  for (const value of before) ledger.settle(place, value);
}

async function pushNew(deps: WriterDeps, image: Image, place: TagPlace): Promise<void> {
  for (const blob of image.blobs) await ensureBlob(deps, blob);
  for (const manifest of image.manifests.slice(0, -1)) {
    const answer = await putManifest(deps.client, deps.repository, manifest);
    if (answer.status === 201) continue;
    throw new RefusedError(`PUT ${manifest.digest}`, answer.status, answer.bytes.toString());
  }
  await tagManifest(deps, image.root, place, { mayBeGone: false });
}

async function deleteManifest(
  deps: WriterDeps,
  digest: string,
  places: readonly TagPlace[],
): Promise<void> {
  const { client, ledger, repository } = deps;
  const pointing = places.filter((place) => ledger.allowed(place).has(digest));
  for (const place of pointing) ledger.begin(place, ABSENT);
  ledger.release(repository, digest);
  // Without a tag it may have been collected already.
  const expected = pointing.length > 0 ? [202] : [202, 404];
  await client.expect(expected, 'DELETE', `/v2/${repository}/manifests/${digest}`);
  for (const place of pointing) ledger.settle(place, ABSENT);
}

async function deleteTag(deps: WriterDeps, place: TagPlace): Promise<void> {
  const wasThere = !deps.ledger.allowed(place).has(ABSENT);
  deps.ledger.begin(place, ABSENT);
  const path = `/v2/${deps.repository}/manifests/${place.tag}`;
  await deps.client.expect(wasThere ? [202] : [404], 'DELETE', path);
  deps.ledger.settle(place, ABSENT);
}

export interface Writer {
  /** Works until `signal` is aborted, and then takes a broken connection for what it is. */
  run(client: RegistryClient, signal: AbortSignal): Promise<void>;
}

export function createWriter(options: Omit<WriterDeps, 'client'>): Writer {
  const { repository, name, count } = options;
  const places = Array.from({ length: TAGS_PER_WRITER }, (_, i) => ({
    repository,
    tag: `${name}-${i}`,
  }));
  const pushed: Content[] = [];

  async function doOne(deps: WriterDeps): Promise<void> {
    const dice = randomInt(100);
    const place = pick(places);
    if (dice < 50 || pushed.length < 3) {
      const image =
        dice < 10 ? makeIndex([randomImage(deps), randomImage(deps)]) : randomImage(deps);
      await pushNew(deps, image, place);
      pushed.push(image.root);
      count('push');
    } else if (dice < 75) {
      await tagManifest(deps, pick(pushed.slice(-10)), place, { mayBeGone: true });
      count('tag move');
    } else if (dice < 90) {
      await deleteManifest(deps, pick(pushed.slice(-10)).digest, places);
      count('manifest delete');
    } else {
      await deleteTag(deps, place);
      count('tag delete');
    }
  }

  return {
    async run(client, signal) {
      const deps = { ...options, client };
      while (!signal.aborted) {
        try {
          await doOne(deps);
        } catch (error) {
          // A refusal is an answer, and none of these requests may be refused.
          if (!signal.aborted || error instanceof RefusedError) throw error;
        }
      }
    },
  };
}

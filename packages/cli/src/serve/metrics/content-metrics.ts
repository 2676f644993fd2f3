// How full the store is. All processes see the same, so the primary alone tells it.
import type { ContentSize, Storage } from '@portolan/storage';
import type { Registry } from 'prom-client';
import { addAskedGauge } from './asked-gauge.ts';

export interface ContentMetricsDeps {
  readonly storage: Pick<Storage, 'contentSize' | 'freeBytes'>;
  readonly diskFloorBytes: number;
  readonly clock: () => number;
}

const FRESH_MS = 60_000;
/** Of a large store the sum takes a while: then it is made less often. */
const SHARE_OF_TIME = 1 / 200;

/** Asks again when the answer is old. */
function createContentSize({ storage, clock }: ContentMetricsDeps) {
  let known: Promise<ContentSize> | undefined;
  let freshUntil = 0;
  async function measure(): Promise<ContentSize> {
    const startedAt = clock();
    const size = await storage.contentSize();
    const endedAt = clock();
    freshUntil = endedAt + Math.max(FRESH_MS, (endedAt - startedAt) / SHARE_OF_TIME);
    return size;
  }
  return (): Promise<ContentSize> => {
    if (known !== undefined && clock() < freshUntil) return known;
    freshUntil = Number.POSITIVE_INFINITY;
    known = measure().catch((error: unknown) => {
      known = undefined;
      throw error;
    });
    return known;
  };
}

export function watchContent(registry: Registry, deps: ContentMetricsDeps): void {
  const contentSize = createContentSize(deps);
  const gauge = (name: string, help: string, read: () => number | Promise<number>): void => {
    addAskedGauge(registry, {
      name,
      help,
      async ask(asked) {
        // What cannot be read is left out; the other metrics matter all the more then.
        asked.remove();
        const value = await Promise.resolve()
          .then(read)
          .catch(() => undefined);
        if (value !== undefined) asked.set(value);
      },
    });
  };
  gauge('storage_blobs', 'Blobs in the store.', async () => (await contentSize()).blobs);
  gauge(
    'storage_blob_bytes',
    'Size of all blobs, each counted once.',
    async () => (await contentSize()).blobBytes,
  );
  gauge('storage_disk_free_bytes', 'Bytes free where the data lies.', () =>
    deps.storage.freeBytes(),
  );
  gauge(
    'storage_disk_floor_bytes',
    'Uploads are refused when less would stay free.',
    () => deps.diskFloorBytes,
  );
}

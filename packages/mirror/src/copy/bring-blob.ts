// One blob to the sink, unless it is there.
import type { Descriptor, ManifestReference } from '@portolan/oci';
import { DomainError } from '@portolan/oci';
import { resuming } from './resumed-bytes.ts';
import type { Walk } from './walk.ts';

async function* counted(
  { request, tally }: Walk,
  { digest }: Descriptor,
  chunks: AsyncIterable<Uint8Array>,
): AsyncGenerator<Uint8Array> {
  for await (const chunk of chunks) {
    tally.bytes += chunk.length;
    request.progress.bytes(digest, chunk.length);
    yield chunk;
  }
}

async function transfer(walk: Walk, descriptor: Descriptor): Promise<void> {
  const { request, share, signal, tally } = walk;
  const { source, sink, progress } = request;
  signal.throwIfAborted();
  if (await sink.hasBlob(descriptor, signal)) return;
  const open = resuming((start) => source.blob(descriptor, start, signal));
  const openCounted = async (start: number) => counted(walk, descriptor, await open(start));
  await share.blobSlots(async () => {
    signal.throwIfAborted();
    progress.blobStarted(descriptor.digest, descriptor.size);
    await sink.putBlob(descriptor, openCounted, signal);
  });
  tally.blobs++;
  progress.blobDone(descriptor.digest);
}

/** Once for each copy, however many of its manifests name it. */
export function bringBlob(walk: Walk, descriptor: Descriptor): Promise<void> {
  const { digest } = descriptor;
  const known = walk.blobs.get(digest);
  if (known !== undefined) return known;
  const brought = walk.slots(() =>
    walk.share.transfers.run(digest, walk.signal, () => transfer(walk, descriptor)),
  );
  walk.blobs.set(digest, brought);
  return brought;
}

const NON_DISTRIBUTABLE = /\.nondistributable\.|\.foreign\./;

/** A layer that is to be had elsewhere is not ours to hand on; one that only may be absent is tried. */
export async function bringLayer(walk: Walk, reference: ManifestReference): Promise<void> {
  const { descriptor, isRequired } = reference;
  const isElsewhere = (descriptor.urls?.length ?? 0) > 0;
  if (isElsewhere && NON_DISTRIBUTABLE.test(descriptor.mediaType)) return;
  try {
    await bringBlob(walk, descriptor);
  } catch (error) {
    const isAbsent = error instanceof DomainError && error.code === 'upstream-absent';
    if (isRequired || !isAbsent) throw error;
  }
}

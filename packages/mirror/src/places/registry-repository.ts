// A repository of another registry, over the distribution-spec: to read from and to write to.
import type { SinkRepository, SourceRepository } from './place.ts';
import { readRegistryBlob } from './registry-blob.ts';
import { getManifest, headManifest } from './registry-manifest.ts';
import { putManifest } from './registry-manifest-push.ts';
import type { RegistryPlace } from './registry-place.ts';
import { listReferrers } from './registry-referrers.ts';
import { listTags } from './registry-tags.ts';
import { hasBlob, putBlob } from './registry-upload.ts';

export type RegistryRepository = SourceRepository & SinkRepository;

export function createRegistryRepository(deps: Omit<RegistryPlace, 'learnt'>): RegistryRepository {
  const place: RegistryPlace = { ...deps, learnt: {} };
  return {
    name: `${deps.host}/${deps.path}`,
    tags: (signal) => listTags(place, signal),
    head: (reference, signal) => headManifest(place, reference, signal),
    manifest: (reference, signal) => getManifest(place, reference, signal),
    blob: (descriptor, start, signal) => readRegistryBlob(place, descriptor, start, signal),
    referrers: (...asked) => listReferrers(place, ...asked),
    hasBlob: (descriptor, signal) => hasBlob(place, descriptor, signal),
    putBlob: (descriptor, open, signal) => putBlob(place, descriptor, open, signal),
    putManifest: (manifest, tags, signal) => putManifest(place, manifest, tags, signal),
  };
}

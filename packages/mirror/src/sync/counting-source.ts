// A source that counts what is asked of it, since requests and pulls are what upstreams limit.
import type { SourceRepository } from '../places/place.ts';

export interface SourceCounts {
  lists: number;
  heads: number;
  /** GETs of manifests: what Docker Hub counts as pulls. */
  pulls: number;
  /** What asking for them has cost: nothing where a listing tells that there are none. */
  referrers: number;
  blobs: number;
}

export interface CountingSource extends SourceRepository {
  readonly counts: SourceCounts;
}

export function countRequests(source: SourceRepository): CountingSource {
  const counts: SourceCounts = { lists: 0, heads: 0, pulls: 0, referrers: 0, blobs: 0 };
  return {
    name: source.name,
    counts,
    tags(signal) {
      counts.lists++;
      return source.tags(signal);
    },
    head(reference, signal) {
      counts.heads++;
      return source.head(reference, signal);
    },
    manifest(reference, signal) {
      counts.pulls++;
      return source.manifest(reference, signal);
    },
    blob(descriptor, start, signal) {
      counts.blobs++;
      return source.blob(descriptor, start, signal);
    },
    referrers(subject, signal, tags) {
      return source.referrers(subject, signal, tags, () => {
        counts.referrers++;
      });
    },
  };
}

export function totalRequests(counts: SourceCounts): number {
  const { lists, heads, pulls, referrers, blobs } = counts;
  return lists + heads + pulls + referrers + blobs;
}

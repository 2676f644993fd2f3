// Whether a bundle would turn references back: an older stick that comes in after a newer one, by mistake
// or because somebody replays it. Sticks that say nothing of each other's references may come in any order.
import type { Digest, RepositoryName, Tag } from '@portolan/oci';
import type { BundleRecord } from '@portolan/storage';
import * as z from 'zod';
import { type BundleDocument, toJson } from './bundle-document.ts';

export interface ImportedTag {
  readonly repository: RepositoryName;
  readonly tag: Tag;
  readonly digest: Digest;
}

export interface TurnedBack extends ImportedTag {
  /** What a newer bundle has set it to. */
  readonly newer: string;
  readonly newerBundle: string;
}

const IMPORTED = z.object({
  imported: z.array(z.object({ repository: z.string(), tag: z.string(), digest: z.string() })),
});

/** What is kept of an import: its bundle.json, and where its tags have gone. */
export function importRecord(
  document: BundleDocument,
  imported: readonly ImportedTag[],
): Omit<BundleRecord, 'recordedAt'> {
  const { id, madeAt } = document;
  return { id, madeAt, direction: 'import', manifest: { ...toJson(document), imported } };
}

/** @param records newest first */
export function findTurnedBack(
  { id, madeAt }: BundleDocument,
  wanted: readonly ImportedTag[],
  records: readonly BundleRecord[],
): readonly TurnedBack[] {
  const newest = new Map<string, { digest: string; bundle: string }>();
  for (const record of records) {
    if (record.madeAt <= madeAt || record.id === id) continue;
    for (const { repository, tag, digest } of IMPORTED.parse(record.manifest).imported) {
      const key = `${repository}:${tag}`;
      if (!newest.has(key)) newest.set(key, { digest, bundle: record.id });
    }
  }
  return wanted.flatMap((one) => {
    const found = newest.get(`${one.repository}:${one.tag}`);
    if (found === undefined || found.digest === one.digest) return [];
    return [{ ...one, newer: found.digest, newerBundle: found.bundle }];
  });
}

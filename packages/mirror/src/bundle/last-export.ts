// `--base last`: the newest bundle that was made here, taken to have arrived.
import type { BundleRecord, BundleStore } from '@portolan/storage';
import { join } from 'node:path';
import { mirrorError } from '../errors.ts';
import { readBundleDocument } from './bundle-contents.ts';
import { type BundleDocument, parseBundleDocument, toJson } from './bundle-document.ts';
import { fileSize } from './bundle-files.ts';
import { type KnownContent, knownFromBundle } from './known-content.ts';
import { DOCUMENT_FILE } from './layout.ts';

export function exportRecord(document: BundleDocument): Omit<BundleRecord, 'recordedAt'> {
  const { id, madeAt } = document;
  return { id, madeAt, direction: 'export', manifest: toJson(document) };
}

async function bundleIn(directory: string): Promise<string | undefined> {
  if (typeof (await fileSize(join(directory, DOCUMENT_FILE))) !== 'number') return undefined;
  return (await readBundleDocument(directory)).document.id;
}

/**
 * The one that still lies in the directory has not arrived anywhere: an export that is run again must
 * not leave out what it is just about to replace.
 * @throws MirrorError `request-invalid` when there is none
 */
export async function findLastExport(
  bundles: BundleStore,
  directory: string,
): Promise<KnownContent> {
  const here = await bundleIn(directory);
  const last = (await bundles.list('export')).find(({ id }) => id !== here);
  if (last !== undefined) {
    return knownFromBundle(parseBundleDocument(JSON.stringify(last.manifest)));
  }
  throw mirrorError('request-invalid', 'no bundle was made here before', {
    hint: 'leave --base out, or name a have.json or the directory of a bundle',
  });
}

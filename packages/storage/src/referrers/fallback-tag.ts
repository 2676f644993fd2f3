// Clients without the referrers API keep an index of referrers under a tag made from the subject's
// digest (distribution-spec, "Referrers Tag Schema"). What it lists must show up in the API too.
import { Digest, parseManifest } from '@portolan/oci';
import type { Reader } from '../database/database.ts';

// The spec cuts the encoded part, which makes a sha512 digest fit into a tag.
const MAX_HEX_LENGTH = 64;

function fallbackTag(subject: Digest): string {
  return `${Digest.algorithm(subject)}-${Digest.hex(subject).slice(0, MAX_HEX_LENGTH)}`;
}

/** Digests that the subject's fallback index lists, ascending; empty when there is none. */
export async function fallbackReferrers(
  read: Reader,
  repositoryId: number,
  subject: Digest,
): Promise<readonly string[]> {
  const row = await read
    .selectFrom('tag')
    .innerJoin('manifest', 'manifest.id', 'tag.manifest_id')
    .select(['manifest.media_type', 'manifest.body'])
    .where('tag.repository_id', '=', repositoryId)
    .where('tag.name', '=', fallbackTag(subject))
    .executeTakeFirst();
  if (row === undefined) return [];
  const { isIndex, references } = parseManifest(row.body, row.media_type);
  if (!isIndex) return [];
  return [...new Set(references.map((reference) => reference.descriptor.digest))].sort();
}

// Clients without the referrers API keep an index of referrers under a tag made from the subject's
// digest (distribution-spec, "Referrers Tag Schema"). What it lists must show up in the API too.
import { Digest } from '@portolan/oci';

// The spec cuts the encoded part, which makes a sha512 digest fit into a tag.
const MAX_HEX_LENGTH = 64;

export function fallbackTag(subject: Digest): string {
  return `${Digest.algorithm(subject)}-${Digest.hex(subject).slice(0, MAX_HEX_LENGTH)}`;
}

// A reference is a tag or a digest (distribution-spec, "Definitions"); which one is decided once, here.
import { Digest } from './digest.ts';
import { Tag } from './tag.ts';

export type Reference =
  | { readonly kind: 'tag'; readonly tag: Tag }
  | { readonly kind: 'digest'; readonly digest: Digest };

/** A tag cannot hold a colon, and a digest must. @throws DomainError of Digest or Tag */
function parse(text: string): Reference {
  return text.includes(':')
    ? { kind: 'digest', digest: Digest.parse(text) }
    : { kind: 'tag', tag: Tag.parse(text) };
}

export const Reference = { parse } as const;

// Tags: distribution-spec, "Pulling manifests", `<reference>` as a tag.
import { DomainError } from './domain-error.ts';

declare const brand: unique symbol;

export type Tag = string & { readonly [brand]: 'Tag' };

const GRAMMAR = /^[a-zA-Z0-9_][a-zA-Z0-9._-]{0,127}$/;

/** @throws DomainError `tag-invalid` */
function parse(text: string): Tag {
  if (GRAMMAR.test(text)) return text as Tag;
  throw new DomainError('tag-invalid', 'tag is malformed', {
    tag: text.slice(0, 256),
    hint: 'use 1 to 128 of A-Z a-z 0-9 _ . - and start with none of . and -',
  });
}

export const Tag = {
  parse,
  find: (text: string): Tag | undefined => (GRAMMAR.test(text) ? (text as Tag) : undefined),
} as const;

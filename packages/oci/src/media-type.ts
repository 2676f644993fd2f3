// Media types of manifests (image-spec media-types.md, and Docker's of the same roles).
import { DomainError } from './domain-error.ts';

declare const brand: unique symbol;

/** `type/subtype`, lower-case, without parameters. */
export type MediaType = string & { readonly [brand]: 'MediaType' };

// RFC 6838 §4.2 restricted names.
const GRAMMAR = /^[a-z0-9][a-z0-9!#$&^_.+-]{0,126}\/[a-z0-9][a-z0-9!#$&^_.+-]{0,126}$/;

export const OCI_INDEX = 'application/vnd.oci.image.index.v1+json' as MediaType;
export const OCI_MANIFEST = 'application/vnd.oci.image.manifest.v1+json' as MediaType;
export const DOCKER_MANIFEST = 'application/vnd.docker.distribution.manifest.v2+json' as MediaType;
export const DOCKER_MANIFEST_LIST =
  'application/vnd.docker.distribution.manifest.list.v2+json' as MediaType;

const INDEXES: ReadonlySet<string> = new Set([OCI_INDEX, DOCKER_MANIFEST_LIST]);
const MANIFESTS: ReadonlySet<string> = new Set([...INDEXES, OCI_MANIFEST, DOCKER_MANIFEST]);
const DOCKER_SCHEMA_1 = /^application\/vnd\.docker\.distribution\.manifest\.v1\+(json|prettyjws)$/;

/** @throws DomainError `media-type-invalid` */
function parse(header: string): MediaType {
  const semicolon = header.indexOf(';');
  const text = (semicolon === -1 ? header : header.slice(0, semicolon)).trim().toLowerCase();
  if (GRAMMAR.test(text)) return text as MediaType;
  throw new DomainError('media-type-invalid', 'media type is malformed', {
    mediaType: header.slice(0, 256),
    hint: `expected type/subtype, such as ${OCI_MANIFEST}`,
  });
}

export const MediaType = {
  parse,
  isIndex: (mediaType: MediaType): boolean => INDEXES.has(mediaType),
  /** Whether content of this type is pushed as a manifest by everybody, and never as a blob. */
  isManifest: (mediaType: string): boolean => MANIFESTS.has(mediaType),
  /** Docker's schema 1, which nothing makes any more and which hides its content from checks. */
  isSchema1: (mediaType: MediaType): boolean => DOCKER_SCHEMA_1.test(mediaType),
} as const;

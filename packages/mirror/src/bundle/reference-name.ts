// Names of references in a bundle: `docker.io/library/busybox:musl`, or `…@sha256:…` for what has no
// tag. The part before is the repository's name in our registries.
import { Digest, type Reference, RepositoryName, Tag } from '@portolan/oci';

export interface NamedReference {
  readonly repository: RepositoryName;
  readonly reference: Reference;
}

export function formatReferenceName({ repository, reference }: NamedReference): string {
  return reference.kind === 'tag'
    ? `${repository}:${reference.tag}`
    : `${repository}@${reference.digest}`;
}

/** @throws DomainError of the name, the tag or the digest */
export function parseReferenceName(text: string): NamedReference {
  const at = text.indexOf('@');
  if (at !== -1) {
    const digest = Digest.parse(text.slice(at + 1));
    const repository = RepositoryName.parse(text.slice(0, at));
    return { repository, reference: { kind: 'digest', digest } };
  }
  const colon = text.lastIndexOf(':');
  const tag = Tag.parse(colon === -1 ? '' : text.slice(colon + 1));
  const repository = RepositoryName.parse(text.slice(0, Math.max(0, colon)));
  return { repository, reference: { kind: 'tag', tag } };
}

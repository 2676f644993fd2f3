import type { Digest, RepositoryName, Tag } from '@portolan/oci';

export interface TagPage {
  /** Bytewise ascending. */
  readonly tags: readonly string[];
  readonly hasMore: boolean;
}

export interface PageRequest {
  /** Exclusive; need not exist. */
  readonly last?: string;
  /** At most so many; 0 gives an empty page without more. */
  readonly limit: number;
}

export interface TagStore {
  resolve(repository: RepositoryName, tag: Tag): Promise<Digest | undefined>;
  /** Undefined when the repository does not exist. */
  list(repository: RepositoryName, page: PageRequest): Promise<TagPage | undefined>;
  /** Removes this one tag, never its siblings. False when it was not there. */
  delete(repository: RepositoryName, tag: Tag, actor: string): Promise<boolean>;
}

// What a row of the conformance table is: the section of the distribution-spec that demands it, the
// behaviour, and the requests that show it.
import type { Session } from './registry-client.ts';
import type { Repository } from './repository.ts';

export interface ConformanceContext {
  readonly url: string;
  /** A repository that nobody else uses, with a token for all of it. */
  repository(options?: {
    readonly allowsSparse?: boolean;
    readonly path?: string;
  }): Promise<Repository>;
  /** The same repository, with a token that has just these scopes. */
  reopen(repository: Repository, scopes: readonly string[]): Promise<Repository>;
  session(scopes: readonly string[]): Promise<Session>;
  /** Without any token. */
  readonly anonymous: Session;
}

export interface ConformanceCase {
  /** Heading in the distribution-spec's main branch. */
  readonly section: string;
  readonly name: string;
  readonly run: (context: ConformanceContext) => Promise<void>;
}

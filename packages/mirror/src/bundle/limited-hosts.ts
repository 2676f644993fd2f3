// Which registries have said that they want no more requests. What is left of them is not asked for: it
// would be refused as well, and count.
import { DomainError } from '@portolan/oci';
import type { SourceRepository } from '../places/place.ts';

export interface LimitedHosts {
  /** @throws the registry's own refusal, when there was one */
  check(source: SourceRepository): void;
  note(source: SourceRepository, error: unknown): void;
}

/** Names are `host/path`. */
function hostOf({ name }: SourceRepository): string {
  return name.slice(0, name.indexOf('/'));
}

export function createLimitedHosts(): LimitedHosts {
  const refusals = new Map<string, DomainError>();
  return {
    check(source) {
      const refusal = refusals.get(hostOf(source));
      if (refusal !== undefined) throw refusal;
    },
    note(source, error) {
      const isLimit = error instanceof DomainError && error.code === 'upstream-limited';
      if (isLimit) refusals.set(hostOf(source), error);
    },
  };
}

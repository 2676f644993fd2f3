// What an error says without its inside: no class, no stack, no cause.
import { DomainError } from './domain-error.ts';

/** One line: the message, and of the facts those that say which file or host it is about. */
export function reasonOf(error: unknown): string {
  if (!(error instanceof DomainError)) {
    return error instanceof Error ? error.message : String(error);
  }
  const { file, reason, hint } = error.detail;
  const facts = [file, reason].filter((fact) => typeof fact === 'string');
  const more = facts.length === 0 ? '' : ` (${facts.join(', ')})`;
  return `${error.message}${more}${typeof hint === 'string' ? `; ${hint}` : ''}`;
}

// What is wrong with a rule, in words for whoever writes it: the schema's own speak of types and inputs.
import { DomainError } from '@portolan/oci';
import type { z } from 'zod';

const KINDS: Readonly<Record<string, string>> = {
  string: 'is not a word',
  number: 'is not a number',
  int: 'is not a whole number',
  boolean: 'is neither true nor false',
  object: 'is not a map',
  array: 'is not a list',
};

/** For `safeParse`; what a field says of itself comes first. */
export const mistakeWords: z.core.$ZodErrorMap = (issue) => {
  if (issue.code === 'invalid_type') {
    return issue.input === undefined ? 'is missing' : KINDS[issue.expected];
  }
  if (issue.code === 'too_small') return `is less than ${issue.minimum}`;
  if (issue.code !== 'too_big') return undefined;
  const most = issue.maximum;
  return issue.origin === 'array' ? `has more than ${most} entries` : `is more than ${most}`;
};

const MAX_SAID = 200;

/** What a parser of the domain has against a text, and what it takes instead. */
export function mistakeIn(text: string, error: unknown): string {
  const message = error instanceof Error ? error.message : String(error);
  const hint = error instanceof DomainError ? error.detail['hint'] : undefined;
  const more = typeof hint === 'string' ? ` (${hint})` : '';
  return `${message}: ${text.slice(0, MAX_SAID)}${more}`;
}

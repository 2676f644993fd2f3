// Digests: distribution-spec "Digest", image-spec descriptor.md "Digests". The whole grammar is
// checked before a digest is used anywhere, since parts of it become a path (CVE-2024-3727).
import { DomainError } from './domain-error.ts';

declare const brand: unique symbol;

/** `sha256:<64 lower-case hex>` or `sha512:<128 lower-case hex>`. */
export type Digest = string & { readonly [brand]: 'Digest' };

export type DigestAlgorithm = 'sha256' | 'sha512';

const HEX_LENGTH: Readonly<Record<DigestAlgorithm, number>> = { sha256: 64, sha512: 128 };
const GRAMMAR = /^[a-z0-9]+(?:[+._-][a-z0-9]+)*:[a-zA-Z0-9=_-]+$/;
const MAX_LENGTH = 256;

function algorithmOf(text: string): DigestAlgorithm | undefined {
  if (text.startsWith('sha256:')) return 'sha256';
  if (text.startsWith('sha512:')) return 'sha512';
  return undefined;
}

function isHex(text: string, from: number, length: number): boolean {
  if (text.length !== from + length) return false;
  for (let i = from; i < text.length; i++) {
    const c = text.charCodeAt(i);
    if (!((c >= 48 && c <= 57) || (c >= 97 && c <= 102))) return false;
  }
  return true;
}

function find(text: string): Digest | undefined {
  const algorithm = algorithmOf(text);
  if (algorithm === undefined || !isHex(text, 7, HEX_LENGTH[algorithm])) return undefined;
  return text as Digest;
}

/**
 * Parses a digest.
 * @throws DomainError `digest-unsupported` when it is well-formed in an algorithm that is not
 *   stored here (blake3, md5 …), `digest-invalid` for everything else.
 */
function parse(text: string): Digest {
  const digest = find(text);
  if (digest !== undefined) return digest;
  const shown = text.slice(0, MAX_LENGTH);
  if (algorithmOf(text) === undefined && text.length <= MAX_LENGTH && GRAMMAR.test(text)) {
    throw new DomainError('digest-unsupported', 'digest algorithm is not supported', {
      digest: shown,
      hint: 'use sha256 or sha512',
    });
  }
  throw new DomainError('digest-invalid', 'digest is malformed', {
    digest: shown,
    hint: 'expected sha256:<64 lower-case hex digits> or sha512:<128 lower-case hex digits>',
  });
}

export const Digest = {
  parse,
  /** The digest, or undefined when `text` is not one that is stored here. */
  find,
  of: (algorithm: DigestAlgorithm, hex: string): Digest => parse(`${algorithm}:${hex}`),
  algorithm: (digest: Digest): DigestAlgorithm => digest.slice(0, 6) as DigestAlgorithm,
  hex: (digest: Digest): string => digest.slice(7),
  isAlgorithm: (text: string): text is DigestAlgorithm => text === 'sha256' || text === 'sha512',
} as const;

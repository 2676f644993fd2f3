// What was sent to an upstream as a proof of who we are. Nothing of it is shown or kept, also when the
// upstream says it back: an error body goes into reports, run histories and logs.

export interface SentSecrets {
  /** A password, a token, or a whole `Authorization`. */
  note(secret: string): void;
  scrub(text: string): string;
}

/** Tokens come and go; those of the last requests are what an echo has. */
const MAX_KEPT = 64;
/** Shorter ones would take ordinary words apart, and guard nothing. */
const LEAST_LENGTH = 4;
const HIDDEN = '[hidden]';

/** Without the scheme; both as it is and as a query has it. */
function spellings(secret: string): string[] {
  const bare = secret.replace(/^(Basic|Bearer) /, '');
  const spelt = [bare, encodeURIComponent(bare), JSON.stringify(bare).slice(1, -1)];
  return [...new Set(spelt)].filter(({ length }) => length >= LEAST_LENGTH);
}

export function createSentSecrets(): SentSecrets {
  const kept = new Set<string>();
  let hidden: readonly string[] = [];
  return {
    note(secret) {
      const isNew = !kept.delete(secret);
      kept.add(secret);
      if (!isNew) return;
      const [oldest] = kept;
      if (kept.size > MAX_KEPT && oldest !== undefined) kept.delete(oldest);
      // The longest first: a password may be a part of another secret.
      hidden = [...kept].flatMap(spellings).sort((a, b) => b.length - a.length);
    },
    scrub: (text) => hidden.reduce((clean, secret) => clean.replaceAll(secret, HIDDEN), text),
  };
}

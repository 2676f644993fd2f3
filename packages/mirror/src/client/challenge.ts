// `WWW-Authenticate` (RFC 9110 §11.6.1): several challenges in one header, parameters as tokens or
// quoted strings, in any case. Registries send one or two; what cannot be read ends the reading.

export interface Challenge {
  /** Lower-case: `bearer`, `basic`. */
  readonly scheme: string;
  readonly parameters: ReadonlyMap<string, string>;
}

const MAX_HEADER_LENGTH = 8192;
const SCHEME = /[\s,]*([A-Za-z][A-Za-z0-9._-]*)(?=\s|,|$)(?!\s*=)\s*/y;
const PARAMETER = /[\s,]*([A-Za-z0-9._-]+)\s*=\s*(?:"((?:[^"\\]|\\.)*)"|([^\s",]+))\s*(?=,|$)/y;

function matchAt(pattern: RegExp, text: string, at: number): RegExpExecArray | null {
  pattern.lastIndex = at;
  return pattern.exec(text);
}

export function parseChallenges(header: string): readonly Challenge[] {
  if (header.length > MAX_HEADER_LENGTH) return [];
  const challenges: Challenge[] = [];
  let at = 0;
  while (at < header.length) {
    const scheme = matchAt(SCHEME, header, at);
    if (scheme === null) break;
    at += scheme[0].length;
    const parameters = new Map<string, string>();
    for (;;) {
      const found = matchAt(PARAMETER, header, at);
      if (found === null) break;
      at += found[0].length;
      const value = found[2]?.replace(/\\(.)/g, '$1') ?? found[3] ?? '';
      parameters.set((found[1] ?? '').toLowerCase(), value);
    }
    challenges.push({ scheme: (scheme[1] ?? '').toLowerCase(), parameters });
  }
  return challenges;
}

// Values of TOML 1.0 as engines of all ages read them. What is written is fixed text with such values
// in it: the order of the lines matters (keys after a table belong to that table), and people read it.

/** A basic string; also right as a part of a dotted key. */
export function tomlString(text: string): string {
  // JSON's escapes are TOML's too, but for the delete character, which JSON leaves as it is.
  return JSON.stringify(text).replaceAll('\u007f', String.raw`\u007f`);
}

export function tomlStrings(texts: readonly string[]): string {
  return `[${texts.map(tomlString).join(', ')}]`;
}

// What systemd makes of `Environment=` in a file of a unit, and of an environment file (systemd.exec(5)), as
// far as it tells what one variable is in the end.

/** A word in quotes, else up to the next blank. */
const WORD = /"(?:[^"\\]|\\.)*"|'(?:[^'\\]|\\.)*'|\S+/g;

function linesOf(text: string): readonly string[] {
  return text
    .replaceAll(/\\\r?\n/g, ' ')
    .split(/\r?\n/)
    .map((line) => line.trim())
    .filter((line) => !/^[#;]/.test(line));
}

/** `NAME=value`. */
function split(line: string): readonly [name: string, value: string] {
  const [name = '', ...value] = line.split('=');
  return [name.trim(), value.join('=').trim()];
}

function unquoted(word: string): string {
  const bare = /^(["']).*\1$/s.test(word) ? word.slice(1, -1) : word;
  return bare.replaceAll(/\\(.)/g, '$1');
}

function wordsOf(text: string): readonly string[] {
  return (text.match(WORD) ?? []).map(unquoted);
}

/** All values of one key of a unit, such as `EnvironmentFile`. */
export function settingsOf(text: string, key: string): readonly string[] {
  return linesOf(text)
    .map(split)
    .flatMap(([name, value]) => (name === key ? [value] : []));
}

function valueOf(word: string, wanted: string): readonly string[] {
  const [name, value] = split(word);
  return name === wanted ? [value] : [];
}

/**
 * What a file of a unit makes of a variable: empty when it takes it away, undefined when it says nothing.
 * @param counts `UnsetEnvironment=` does wherever it stands, the rest only when nothing later says otherwise
 */
export function unitVariable(
  text: string,
  name: string,
  counts: 'all' | 'unset',
): string | undefined {
  const unset = settingsOf(text, 'UnsetEnvironment').flatMap(wordsOf);
  if (unset.some((word) => split(word)[0] === name)) return '';
  if (counts === 'unset') return undefined;
  // `Environment=` alone forgets all that was said before.
  const values = settingsOf(text, 'Environment').flatMap((line) =>
    line === '' ? [''] : wordsOf(line).flatMap((word) => valueOf(word, name)),
  );
  return values.at(-1)?.replaceAll('%%', '%');
}

/** The same for an environment file. */
export function fileVariable(text: string, name: string): string | undefined {
  const value = linesOf(text)
    .flatMap((line) => valueOf(line, name))
    .at(-1);
  return value === undefined ? undefined : unquoted(value);
}

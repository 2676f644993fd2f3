// Text from outside on a terminal: it says what it says, and does nothing.

/** One line of text, whatever it holds: what came from outside must not move the cursor. */
export function printable(text: string): string {
  // oxlint-disable-next-line no-control-regex -- control characters are what this removes
  return text.replaceAll(/[\u0000-\u001f\u007f-\u009f]/g, '\u{fffd}');
}

/** The same for text of several lines. */
export function printableLines(text: string): string {
  return text.split('\n').map(printable).join('\n');
}

/**
 * JSON of the same value, which moves no cursor either: `JSON.stringify` leaves DEL and the control
 * characters from U+0080 on as they are, and terminals take some for the beginning of a sequence.
 */
export function printableJson(json: string): string {
  return json.replaceAll(
    /[\u007f-\u009f]/g,
    (character) => `\\u00${character.charCodeAt(0).toString(16)}`,
  );
}

/** One line of text, whatever it holds: what came from outside must not move the cursor. */
export function printable(text: string): string {
  // oxlint-disable-next-line no-control-regex -- control characters are what this removes
  return text.replaceAll(/[\u0000-\u001f\u007f-\u009f]/g, '\u{fffd}');
}

/** The same for text of several lines. */
export function printableLines(text: string): string {
  return text.split('\n').map(printable).join('\n');
}

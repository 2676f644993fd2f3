// Text in the width of a terminal: broken at spaces, and the lines after the first are set in.

/** A word that is too long alone, such as a URL, stays whole, so that it can be copied. */
export function wrapped(text: string, width: number, indent = ''): readonly string[] {
  const lines: string[] = [];
  let line: string | undefined;
  for (const word of text.split(' ')) {
    if (line === undefined) line = word;
    else if (line.length + 1 + word.length <= width) line += ` ${word}`;
    else {
      lines.push(line);
      line = indent + word;
    }
  }
  return line === undefined ? lines : [...lines, line];
}

// A block of lines at the bottom of a terminal that is drawn anew several times a second, with finished
// lines scrolling away above it.
import { printable } from './printable.ts';

export interface LiveStream {
  readonly columns?: number | undefined;
  write(text: string): unknown;
}

export interface LiveLines {
  /** A line that stays. */
  print(line: string): void;
  end(): void;
}

const EVERY_MS = 100;
const MOST_LINES = 10;

/** @param draw the lines as they are now, for a width; what does not fit is cut */
export function startLiveLines(
  stream: LiveStream,
  draw: (width: number) => readonly string[],
): LiveLines {
  let height = 0;

  const clear = (): string => (height === 0 ? '' : `\u001b[${height}A\u001b[0J`);

  function render(finished = ''): void {
    // Some terminals over a serial line say 0.
    const width = (stream.columns || 80) - 1;
    const lines = draw(width).map((line) => `${printable(line).slice(0, width)}\n`);
    const hidden = lines.length - MOST_LINES;
    const shown = lines.slice(0, MOST_LINES);
    if (hidden > 0) shown.push(`  and ${hidden} more\n`);
    stream.write(`${clear()}${finished}${shown.join('')}`);
    height = shown.length;
  }

  const timer = setInterval(render, EVERY_MS);
  timer.unref();
  return {
    print: (line) => render(`${printable(line)}\n`),
    end() {
      clearInterval(timer);
      stream.write(clear());
      height = 0;
    },
  };
}

// The log goes to stderr: JSON lines for machines, readable lines on a terminal. There only warnings
// and errors are shown by default, so that the banner stays in sight.
import pino, { type Logger } from 'pino';
import { createGatheredLines } from './gathered-lines.ts';
import { loggedError } from './logged-error.ts';
import { createReadableLines } from './readable-lines.ts';

export interface ServerLog {
  readonly logger: Logger;
  /** Writes out what is still in memory. */
  flush(): void;
}

/** Nobody means to log one; this is for whoever logs an object without looking into it. */
const NAMES = ['authorization', 'cookie', 'password', 'secret', 'token', '["set-cookie"]'];
const PLACES = ['', '*.', '*.headers.'];
const SECRETS = PLACES.flatMap((place) =>
  NAMES.map((name) => (name.startsWith('[') ? place.replace(/\.$/, '') : place) + name),
);

export interface LogOptions {
  readonly level: string | undefined;
  readonly isTerminal: boolean;
}

export function createServerLog({ level, isTerminal }: LogOptions): ServerLog {
  const options = {
    base: { pid: process.pid },
    redact: { paths: SECRETS, censor: '[secret]' },
    serializers: { err: loggedError },
  };
  if (isTerminal) {
    const lines = createReadableLines(process.stderr);
    return { logger: pino({ ...options, level: level ?? 'warn' }, lines), flush: () => undefined };
  }
  const lines = createGatheredLines(2);
  process.once('exit', () => lines.flush());
  const logger = pino({ ...options, level: level ?? 'info' }, lines);
  return { logger, flush: () => lines.flush() };
}

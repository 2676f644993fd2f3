// The log goes to stderr: JSON lines for machines, readable lines on a terminal. There only warnings
// and errors are shown by default, so that the banner stays in sight.
import pino, { type Logger } from 'pino';
import { createReadableLines } from './readable-lines.ts';

export interface ServerLog {
  readonly logger: Logger;
  /** Writes out what is still in memory. */
  flush(): void;
}

const SECRETS = [
  'authorization',
  'cookie',
  'password',
  'token',
  '*.authorization',
  '*.cookie',
  '*.password',
  '*.token',
  '*.headers.authorization',
  '*.headers.cookie',
];

export interface LogOptions {
  readonly level: string | undefined;
  readonly isTerminal: boolean;
}

export function createServerLog({ level, isTerminal }: LogOptions): ServerLog {
  const options = { base: { pid: process.pid }, redact: { paths: SECRETS, censor: '[secret]' } };
  if (isTerminal) {
    const lines = createReadableLines(process.stderr);
    return { logger: pino({ ...options, level: level ?? 'warn' }, lines), flush: () => undefined };
  }
  // Gathered for up to half a second, since a write to the disk for each request is dear.
  const destination = pino.destination({
    dest: 2,
    sync: false,
    minLength: 4096,
    periodicFlush: 500,
  });
  // A log that nobody reads any more, or a full disk, must not stop the service.
  destination.on('error', () => undefined);
  return {
    logger: pino({ ...options, level: level ?? 'info' }, destination),
    flush: () => {
      try {
        destination.flushSync();
      } catch {
        // As above.
      }
    },
  };
}

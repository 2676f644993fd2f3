// Runs a program to its end and keeps what it said. A failure is an answer here, not an exception:
// most tests ask how a client reports a refusal.
import { spawn } from 'node:child_process';

export interface CommandOptions {
  /** The whole environment besides PATH; nothing of the person who runs the tests leaks in. */
  readonly env?: Readonly<Record<string, string>>;
  /** Written to stdin. */
  readonly input?: string;
  readonly cwd?: string;
  /** A minute unless told otherwise; then it is killed. */
  readonly timeoutMs?: number;
}

export interface CommandResult {
  readonly code: number | null;
  readonly stdout: string;
  /** stdout and stderr as a person would see them. */
  readonly output: string;
}

/** Arguments as one would type them, when none of them holds a space. */
export function words(line: string): string[] {
  return line.split(' ').filter((word) => word !== '');
}

const TIMEOUT_MS = 60_000;

export function runCommand(
  file: string,
  args: readonly string[],
  options: CommandOptions = {},
): Promise<CommandResult> {
  return new Promise((resolve, reject) => {
    const child = spawn(file, args, {
      env: { PATH: '/usr/sbin:/usr/bin:/sbin:/bin', ...options.env },
      cwd: options.cwd,
      timeout: options.timeoutMs ?? TIMEOUT_MS,
      killSignal: 'SIGKILL',
    });
    let stdout = '';
    let output = '';
    child.stdout.setEncoding('utf8').on('data', (text: string) => {
      stdout += text;
      output += text;
    });
    child.stderr.setEncoding('utf8').on('data', (text: string) => {
      output += text;
    });
    child.on('error', reject);
    child.on('close', (code) => resolve({ code, stdout, output }));
    // The program may end without reading its stdin.
    child.stdin.on('error', () => undefined);
    child.stdin.end(options.input ?? '');
  });
}

/** As `runCommand`, for the steps of a test that must succeed. */
export async function runOrThrow(
  file: string,
  args: readonly string[],
  options: CommandOptions = {},
): Promise<CommandResult> {
  const result = await runCommand(file, args, options);
  if (result.code === 0) return result;
  throw new Error(`${file} ${args.join(' ')} ended with ${result.code}:\n${result.output}`);
}

// docker's credential helpers: a program `docker-credential-<name>` that reads a server's name from
// stdin and prints its login as JSON. Nothing secret goes through arguments or the environment.
import { spawn } from 'node:child_process';
import type { Readable } from 'node:stream';
import { z } from 'zod';
import { mirrorError } from '../errors.ts';
import type { AskHelper } from './auth-file.ts';

/** The `<name>` of `docker-credential-<name>`: never a path. */
export const HELPER_NAME = /^[A-Za-z0-9][A-Za-z0-9._-]*$/;
const LIMITS: HelperLimits = { timeoutMs: 30_000, maxBytes: 1024 * 1024 };
/** What the helpers print, on stdout, when they know nothing. */
const NOT_FOUND = /credentials not found/i;

const ANSWER = z.object({ Username: z.string(), Secret: z.string() });

export interface HelperLimits {
  readonly timeoutMs: number;
  /** Of what it prints. */
  readonly maxBytes: number;
}

interface Ended {
  readonly code: number | null;
  readonly stdout: string;
}

async function readAtMost(stream: Readable, maxBytes: number): Promise<string> {
  const chunks: Buffer[] = [];
  let length = 0;
  for await (const chunk of stream as AsyncIterable<Buffer>) {
    length += chunk.length;
    if (length > maxBytes) throw new Error(`it printed more than ${maxBytes} bytes`);
    chunks.push(chunk);
  }
  return Buffer.concat(chunks).toString('utf8');
}

async function run(program: string, input: string, limits: HelperLimits): Promise<Ended> {
  const child = spawn(program, ['get'], { stdio: ['pipe', 'pipe', 'ignore'] });
  const { promise: late, reject } = Promise.withResolvers<never>();
  const timer = setTimeout(
    () => reject(new Error(`no answer within ${limits.timeoutMs / 1000} s`)),
    limits.timeoutMs,
  );
  const ended = new Promise<number | null>((done, fail) => {
    child.once('error', fail);
    child.once('exit', done);
  });
  // A helper that reads nothing is none of our failures.
  child.stdin.on('error', () => undefined);
  child.stdin.end(input);
  try {
    const read = readAtMost(child.stdout, limits.maxBytes);
    const [code, stdout] = await Promise.race([Promise.all([ended, read]), late]);
    return { code, stdout };
  } finally {
    clearTimeout(timer);
    child.kill('SIGKILL');
    // What a wrapper script has started may hold the pipes long after the script itself is gone.
    child.stdin.destroy();
    child.stdout.destroy();
  }
}

function failed(name: string, server: string, cause?: unknown): never {
  const hint = `try \`docker-credential-${name} get\` by hand`;
  const message = `the credential helper ${name} gave no login for ${server}`;
  throw mirrorError('request-invalid', message, { hint }, cause);
}

/** Its errors are MirrorErrors `request-invalid`: a helper that is not there or does not work. */
export function createAskHelper(limits: HelperLimits = LIMITS): AskHelper {
  return async (name, server) => {
    if (!HELPER_NAME.test(name)) failed(name.slice(0, 64), server);
    const program = `docker-credential-${name}`;
    const { code, stdout } = await run(program, server, limits).catch((cause: unknown) =>
      failed(name, server, cause),
    );
    if (code !== 0) return NOT_FOUND.test(stdout) ? undefined : failed(name, server);
    try {
      const { Username, Secret } = ANSWER.parse(JSON.parse(stdout));
      return { username: Username, secret: Secret };
    } catch {
      return failed(name, server);
    }
  };
}

export const askCredentialHelper: AskHelper = createAskHelper();

// docker's credential helpers: a program `docker-credential-<name>` that reads a server's name from
// stdin and prints its login as JSON. Nothing secret goes through arguments or the environment.
import { spawn } from 'node:child_process';
import { text as readText } from 'node:stream/consumers';
import { z } from 'zod';
import { mirrorError } from '../errors.ts';
import type { AskHelper } from './auth-file.ts';

/** The `<name>` of `docker-credential-<name>`: never a path. */
export const HELPER_NAME = /^[A-Za-z0-9][A-Za-z0-9._-]*$/;
const TIMEOUT_MS = 30_000;
/** What the helpers print, on stdout, when they know nothing. */
const NOT_FOUND = /credentials not found/i;

const ANSWER = z.object({ Username: z.string(), Secret: z.string() });

interface Ended {
  readonly code: number | null;
  readonly stdout: string;
}

async function run(program: string, input: string): Promise<Ended> {
  const child = spawn(program, ['get'], {
    stdio: ['pipe', 'pipe', 'ignore'],
    timeout: TIMEOUT_MS,
    killSignal: 'SIGKILL',
  });
  const ended = new Promise<number | null>((done, fail) => {
    child.once('error', fail);
    child.once('close', done);
  });
  // A helper that reads nothing is none of our failures.
  child.stdin.on('error', () => undefined);
  child.stdin.end(input);
  const [code, stdout] = await Promise.all([ended, readText(child.stdout)]);
  return { code, stdout };
}

function failed(name: string, server: string, cause?: unknown): never {
  const hint = `try \`docker-credential-${name} get\` by hand`;
  const message = `the credential helper ${name} gave no login for ${server}`;
  throw mirrorError('request-invalid', message, { hint }, cause);
}

/** @throws MirrorError `request-invalid` for a helper that is not there or does not work */
export const askCredentialHelper: AskHelper = async (name, server) => {
  if (!HELPER_NAME.test(name)) failed(name.slice(0, 64), server);
  const { code, stdout } = await run(`docker-credential-${name}`, server).catch((cause: unknown) =>
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

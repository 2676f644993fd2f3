// The two registries under test behind one face, each started from an empty directory.
import type { ChildProcess } from 'node:child_process';
import { once } from 'node:events';

export interface Server {
  readonly name: string;
  /** `http://127.0.0.1:<port>` */
  readonly url: string;
  readonly pid: number;
  /** Milliseconds from the start of the process to its first answer. */
  readonly startMs: number;
  /** Where its content lies. */
  readonly directory: string;
  /** Request headers for the given scopes; none where the registry asks for no token. */
  headers(...scopes: string[]): Promise<Readonly<Record<string, string>>>;
  stop(): Promise<void>;
}

/** A way to start one of them, on a directory that may already hold content. */
export interface Contender {
  readonly name: string;
  readonly version: string;
  start(directory: string, options?: { workers?: number }): Promise<Server>;
}

/** Asks until the server answers anything at all; at most 30 s. */
export async function waitForAnswer(url: string, startedAt: number): Promise<number> {
  while (performance.now() - startedAt < 30_000) {
    try {
      const response = await fetch(`${url}/v2/`);
      await response.arrayBuffer();
      return performance.now() - startedAt;
    } catch {
      await new Promise((resolve) => setTimeout(resolve, 5));
    }
  }
  throw new Error(`${url} did not answer within 30 s`);
}

export async function endProcess(child: ChildProcess): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return;
  const exited = once(child, 'exit');
  child.kill('SIGTERM');
  await exited;
}

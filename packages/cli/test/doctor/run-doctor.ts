// Runs the real `portolan doctor`, and keeps what each check found.
import type { CheckResult } from '../../src/doctor/run-checks.ts';
import { run } from '../serve/start-server.ts';

export interface Diagnosis {
  readonly code: number;
  /** By name; of several findings the first. */
  readonly found: ReadonlyMap<string, CheckResult>;
  /** What is not well, as `verdict name`. */
  readonly troubles: readonly string[];
  readonly stdout: string;
  readonly stderr: string;
}

/** What there is in every test, and is no trouble there. */
const USUAL = new Set(['name', 'administrators', 'first-password', 'file-limit', 'workers']);

export async function runDoctor(
  args: readonly string[],
  env: Readonly<Record<string, string>>,
): Promise<Diagnosis> {
  const command = run({ args: ['doctor', '--output', 'json', ...args], env });
  const code = await command.exited;
  const [stdout, stderr] = [command.stdout(), command.stderr()];
  if (stdout === '') throw new Error(stderr);
  const { checks } = JSON.parse(stdout) as { checks: readonly CheckResult[] };
  const found = new Map(checks.toReversed().map((check) => [check.name, check]));
  const troubles = checks
    .filter(({ name, verdict }) => /warn|fail/.test(verdict) && !USUAL.has(name))
    .map(({ name, verdict }) => `${verdict} ${name}`);
  return { code, found, troubles, stdout, stderr };
}

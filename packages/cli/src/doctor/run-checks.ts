// Runs the checks: those on the machine first, since what the others do would disturb what those measure;
// within each part all at once, but for those that wait for one another. None may take long.
import { reasonOf } from '@portolan/oci';
import { setTimeout as delay } from 'node:timers/promises';
import { type Check, type Finding, skipped, type World } from './check.ts';

export interface CheckResult extends Finding {
  readonly name: string;
  readonly topic: Check['topic'];
}

export interface RunOptions {
  readonly skip: ReadonlySet<string>;
  readonly limitMs: number;
}

const SERVER_TOPICS: ReadonlySet<string> = new Set(['network', 'proxy', 'registry']);

function broken(error: unknown): Finding {
  return {
    verdict: 'fail',
    summary: reasonOf(error),
    meaning: 'the check itself came to no end',
    remedy: 'see what it says; if it is no fault of this machine, report it with --debug',
  };
}

function late(limitMs: number): Finding {
  return {
    verdict: 'fail',
    summary: `no answer within ${limitMs / 1000} s`,
    meaning: 'something that should take moments hangs',
    remedy: 'see what the checks above and the log of the server say, and try again',
  };
}

async function within(check: Check, world: World, limitMs: number): Promise<readonly Finding[]> {
  const timer = new AbortController();
  try {
    const timeout = delay(limitMs, late(limitMs), { signal: timer.signal });
    const found = await Promise.race([check.run(world), timeout]);
    return Array.isArray(found) ? found : [found as Finding];
  } catch (error) {
    return [broken(error)];
  } finally {
    timer.abort();
  }
}

/** In the order of the table, whatever ended first. */
async function runPart(
  checks: readonly Check[],
  world: World,
  { skip, limitMs }: RunOptions,
): Promise<CheckResult[]> {
  const running = new Map<string, Promise<readonly Finding[]>>();
  /** Those that were not run, and what was missing: the same is missing for what rests on them. */
  const missingFor = new Map<string, string>();

  async function firstMissing(after: readonly string[] = []): Promise<string | undefined> {
    for (const name of after) {
      const before = await running.get(name);
      const missing = missingFor.get(name);
      if (missing !== undefined) return missing;
      // One that was skipped by itself has shown nothing against it.
      if (before?.some(({ verdict }) => verdict === 'fail')) return name;
    }
    return undefined;
  }

  async function run(check: Check): Promise<readonly Finding[]> {
    if (skip.has(check.name)) return [skipped('as told')];
    const missing = await firstMissing(check.after);
    if (missing !== undefined) {
      missingFor.set(check.name, missing);
      return [skipped(`without ${missing} it means nothing`)];
    }
    return await within(check, world, limitMs);
  }

  for (const check of checks) running.set(check.name, run(check));
  const results: CheckResult[] = [];
  for (const { name, topic } of checks) {
    const findings = (await running.get(name)) ?? [];
    results.push(...findings.map((finding) => ({ name, topic, ...finding })));
  }
  return results;
}

function isOnServer({ topic }: Check): boolean {
  return SERVER_TOPICS.has(topic);
}

export async function runChecks(
  checks: readonly Check[],
  world: World,
  options: RunOptions,
): Promise<readonly CheckResult[]> {
  const local = await runPart(
    checks.filter((check) => !isOnServer(check)),
    world,
    options,
  );
  return [...local, ...(await runPart(checks.filter(isOnServer), world, options))];
}

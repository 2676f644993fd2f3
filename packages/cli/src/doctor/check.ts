// What a check is and what it finds. A check looks and says; it changes nothing but its own scratch.
import type { Machine, OpenMachine } from './machine.ts';
import type { Server } from './server.ts';

/** `skipped` says why in its summary. */
export type Verdict = 'ok' | 'warn' | 'fail' | 'skipped';

export interface Finding {
  readonly verdict: Verdict;
  /** What was seen, in a line. */
  readonly summary: string;
  /** What it means; of what is not ok. */
  readonly meaning?: string;
  /** What to do, with the exact command where there is one. */
  readonly remedy?: string;
  /** Where a check looks at several things, which; its own name otherwise. */
  readonly name?: string;
}

export type Findings = Finding | readonly Finding[];

export const TOPICS = [
  'settings',
  'data',
  'accounts',
  'process',
  'mirror',
  'network',
  'proxy',
  'registry',
] as const;
export type Topic = (typeof TOPICS)[number];

/** What there is to look at; of what is missing, why. */
export interface World {
  readonly machine: Machine | string;
  /** With the data directory open. */
  readonly open: OpenMachine | string;
  readonly server: Server | string;
}

export interface Check {
  readonly name: string;
  readonly topic: Topic;
  /** Checks without which this one means nothing. */
  readonly after?: readonly string[];
  readonly run: (world: World) => Promise<Findings>;
}

interface CheckOf<Part> extends Omit<Check, 'run'> {
  readonly run: (part: Part) => Findings | Promise<Findings>;
}

export function ok(summary: string): Finding {
  return { verdict: 'ok', summary };
}

export function skipped(summary: string): Finding {
  return { verdict: 'skipped', summary };
}

export interface Advice {
  readonly meaning: string;
  readonly remedy: string;
}

export function warn(summary: string, advice: Advice): Finding {
  return { verdict: 'warn', summary, ...advice };
}

export function fail(summary: string, advice: Advice): Finding {
  return { verdict: 'fail', summary, ...advice };
}

function createOn<Part extends object>(select: (world: World) => Part | string) {
  return ({ run, ...check }: CheckOf<Part>): Check => ({
    ...check,
    async run(world) {
      const part = select(world);
      return typeof part === 'string' ? skipped(part) : await run(part);
    },
  });
}

/** Needs the settings of the machine that the server runs on. */
export const onMachine = createOn(({ machine }) => machine);
/** Needs its data directory, open. */
export const onData = createOn(({ open }) => open);
/** Needs nothing but the server's address. */
export const onServer = createOn(({ server }) => server);

// Runs commands against a real data directory, and keeps what they answered.
import { openStorage, type Storage } from '@portolan/storage';
import { Command } from 'commander';
import { randomBytes } from 'node:crypto';
import { existsSync } from 'node:fs';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { onTestFinished } from 'vitest';
import type { CommandContext } from '../../src/commands/context.ts';
import type { Environment } from '../../src/config/environment.ts';
import { registerBundle } from '../../src/commands/bundle.ts';
import { registerDoctor } from '../../src/commands/doctor.ts';
import { registerClient } from '../../src/commands/client.ts';
import { registerCa } from '../../src/commands/ca.ts';
import { registerKey } from '../../src/commands/key.ts';
import { registerMirror } from '../../src/commands/mirror.ts';
import { registerNamespace } from '../../src/commands/namespace.ts';
import { registerTeam } from '../../src/commands/team.ts';
import { registerUpstream } from '../../src/commands/upstream.ts';
import { registerUser } from '../../src/commands/user.ts';

type Row = Readonly<Record<string, unknown>>;

export interface Answer {
  readonly rows?: readonly Row[];
  readonly columns?: readonly string[];
  readonly record?: Row;
  /** Plain text, as it went to stdout. */
  readonly text: string;
  /** What is no text. */
  readonly bytes: Uint8Array;
  readonly notes: readonly string[];
}

export interface Given {
  readonly stdin?: string;
  /** Arguments with spaces. */
  readonly more?: readonly string[];
  readonly environment?: Environment;
  /** How far the command's clock is ahead. */
  readonly laterMs?: number;
}

const randomId = (): string => randomBytes(16).toString('hex');

function createProgram(context: CommandContext): Command {
  const program = new Command('portolan');
  registerUser(program, context);
  registerTeam(program, context);
  registerNamespace(program, context);
  registerKey(program, context);
  registerCa(program, context);
  registerClient(program, context);
  registerDoctor(program, context);
  registerUpstream(program, context);
  registerMirror(program, context);
  registerBundle(program, context);
  const silence = (command: Command): void => {
    command.exitOverride().configureOutput({ writeErr: () => undefined });
    for (const child of command.commands) silence(child);
  };
  silence(program);
  return program;
}

export async function openCommands() {
  const dataDirectory = await mkdtemp(path.join(tmpdir(), 'portolan-commands-'));
  onTestFinished(() => rm(dataDirectory, { recursive: true }));
  const times = { leaseMs: 1000, uploadIdleMs: 1000, orphanFileMs: 1000 };
  const options = { directory: dataDirectory, clock: Date.now, randomId, times, diskFloorBytes: 0 };

  async function withStorage<T>(work: (storage: Storage) => Promise<T>): Promise<T> {
    const storage = await openStorage(options);
    try {
      return await work(storage);
    } finally {
      await storage.close();
    }
  }

  /** `line` is split at spaces; what needs others goes into `more`. */
  async function run(
    line: string,
    { stdin = '', more = [], environment = {}, laterMs = 0 }: Given = {},
  ): Promise<Answer> {
    const notes: string[] = [];
    const texts: string[] = [];
    const pieces: Uint8Array[] = [];
    let answer: Omit<Answer, 'notes' | 'text' | 'bytes'> = {};
    const context: CommandContext = {
      actor: 'cli:tester',
      clock: () => Date.now() + laterMs,
      randomId,
      environment,
      sources: { environment, flags: { data_dir: dataDirectory } },
      readStdin: async () => stdin,
      askSecret: async () => undefined,
      publicUrl: environment['PORTOLAN_PUBLIC_URL'],
      listen: [],
      tls: {
        directories: {
          authority: path.join(dataDirectory, 'ca'),
          certificates: path.join(dataDirectory, 'tls'),
        },
        acme: undefined,
        impersonates: false,
      },
      egress: { allowedNetworks: ['127.0.0.0/8', '::1'] },
      hasStorage: () => existsSync(path.join(dataDirectory, 'portolan.db')),
      withStorage,
      terminal: undefined,
      output: {
        rows: (rows, columns) => {
          answer = { rows, columns };
        },
        record: (record) => {
          answer = { record };
        },
        recordWithRows: (record, { rows, columns }) => {
          answer = { record, rows, columns };
        },
        report: (record, text) => {
          answer = { record };
          texts.push(text(undefined));
        },
        done: (record, sentence) => {
          answer = { record };
          notes.push(sentence);
        },
        text: (text) => texts.push(text),
        bytes: (bytes) => pieces.push(bytes),
        note: (text) => notes.push(text),
      },
    };
    await createProgram(context).parseAsync([...line.split(' '), ...more], { from: 'user' });
    return { ...answer, text: texts.join(''), bytes: Buffer.concat(pieces), notes };
  }

  return { run, withStorage, dataDirectory };
}

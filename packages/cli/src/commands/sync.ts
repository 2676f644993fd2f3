// `portolan sync`: what `skopeo sync` does, with its options, between any registries and directories.
// Needs no data directory; where there is one, its upstreams' settings hold for what is copied from.
import type { FoundImages, SyncOptions, SyncSource } from '@portolan/mirror';
import { DomainError, reasonOf } from '@portolan/oci';
import type { Command } from 'commander';
import { stat, writeFile } from 'node:fs/promises';
import { arch, hostname, platform } from 'node:os';
import { resolve } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { findContainerFiles } from '../config/container-files.ts';
import { readEnvironment } from '../config/environment.ts';
import { EXIT } from '../terminal/exit-codes.ts';
import { CommandFailure } from '../terminal/explain-failure.ts';
import type { CommandContext } from './context.ts';
import type { GlobalOptions } from './global-options.ts';
import { readNamedFile } from './named-file.ts';
import { createLoginFinder } from './registry-logins.ts';
import { spareMemory } from './spare-memory.ts';
import { stopSignal } from './stop-signal.ts';
import { addSyncCommand, type SyncCommandOptions } from './sync-options.ts';
import { openSyncProgress } from './sync-progress.ts';
import {
  digestLines,
  exitCodeOfReport,
  noteNarrowed,
  type SyncReport,
  writeReport,
} from './sync-report.ts';
import type { Machine, SyncRequest } from './sync-request.ts';
import { type StoredUpstreams, withStoredUpstreams } from './with-upstreams.ts';

const MACHINES: Readonly<Record<string, string>> = {
  x64: 'amd64',
  ia32: '386',
  ppc64: 'ppc64le',
  mipsel: 'mipsle',
  loong64: 'loong64',
};

function thisMachine(): Machine {
  const os = platform();
  return { os: os === 'win32' ? 'windows' : os, architecture: MACHINES[arch()] ?? arch() };
}

async function checkDirectory(root: string): Promise<void> {
  const status = await stat(root).catch(() => undefined);
  if (status?.isDirectory() === true) return;
  throw new DomainError('request-invalid', `there is no directory ${root}`);
}

async function openSource({ source }: SyncRequest): Promise<SyncSource> {
  const { parseSkopeoSource, parseUpstreamName } = await import('@portolan/mirror');
  if (source.kind === 'docker') return { kind: 'docker', image: parseUpstreamName(source.text) };
  if (source.kind === 'dir') {
    const root = resolve(source.text);
    await checkDirectory(root);
    return { kind: 'dir', root };
  }
  const { registries, problems } = parseSkopeoSource(await readNamedFile(source.text));
  if (problems.length === 0) return { kind: 'yaml', registries };
  throw new DomainError(
    'request-invalid',
    `${source.text} cannot be used:\n  ${problems.join('\n  ')}`,
  );
}

export async function openPlaces(
  request: SyncRequest,
  context: CommandContext,
  stored?: StoredUpstreams,
) {
  const { createSyncPlaces } = await import('./sync-places.ts');
  const environment = readEnvironment();
  const files = findContainerFiles(environment, process.getuid?.());
  return createSyncPlaces({
    request,
    allowedNetworks: context.egress.allowedNetworks,
    environment,
    files,
    findLogin: createLoginFinder(request, files),
    stored,
    owner: { pid: process.pid, host: hostname() },
    clock: context.clock,
    random: Math.random,
    sleep: (milliseconds, signal) => delay(milliseconds, undefined, { signal }),
  });
}

type Places = Awaited<ReturnType<typeof openPlaces>>;

function noteProblems(context: CommandContext, { problems }: FoundImages): void {
  for (const { label, error } of problems)
    context.output.note(`failed: ${label}: ${reasonOf(error)}`);
}

async function run(
  request: SyncRequest,
  { places, context, signal }: { places: Places; context: CommandContext; signal: AbortSignal },
): Promise<SyncReport> {
  const { findImages, planItems, syncImages } = await import('@portolan/mirror');
  const found = await findImages(await openSource(request), places.openUpstream, signal);
  noteProblems(context, found);
  const naming = { isScoped: request.isScoped, suffix: request.suffix };
  const items = planItems(found.images, request.destination, naming);
  const total = items.length;
  const { isDryRun, keepsGoing } = request;
  const { problems } = found;
  if (problems.length > 0 && !keepsGoing) return { results: [], problems, total, isDryRun };
  const options: SyncOptions = request;
  const progress = openSyncProgress(context, total);
  const results = await syncImages(items, options, {
    ...progress,
    openSink: places.openSink,
    sleep: (milliseconds) => delay(milliseconds, undefined, { signal }),
    signal,
  }).finally(() => progress.end());
  return { results, problems, total, isDryRun };
}

/** Ends with Ctrl-C, and after `--command-timeout`. */
async function runToTheEnd(
  request: SyncRequest,
  context: CommandContext,
  stored: StoredUpstreams | undefined,
): Promise<SyncReport> {
  spareMemory();
  const places = await openPlaces(request, context, stored);
  const stop = stopSignal();
  const { timeoutMs } = request;
  const signals =
    timeoutMs === undefined ? [stop.signal] : [stop.signal, AbortSignal.timeout(timeoutMs)];
  try {
    return await run(request, { places, context, signal: AbortSignal.any(signals) });
  } finally {
    stop.end();
    await places.close();
  }
}

async function sync(
  request: SyncRequest,
  context: CommandContext,
  format: GlobalOptions['output'],
): Promise<void> {
  const report = await withStoredUpstreams(context, (stored) =>
    runToTheEnd(request, context, stored),
  );
  const { digestFile, isDryRun } = request;
  if (digestFile !== undefined && !isDryRun) await writeFile(digestFile, digestLines(report));
  noteNarrowed(context.output, report);
  writeReport(context.output, format, report);
  const exitCode = exitCodeOfReport(report);
  if (exitCode === EXIT.notFound) throw new CommandFailure('there is nothing to copy', exitCode);
  if (exitCode !== EXIT.ok) throw new CommandFailure('not every image could be copied', exitCode);
}

export function registerSync(program: Command, context: CommandContext): void {
  const command = addSyncCommand(program);
  command.action(async () => {
    const { readSyncRequest } = await import('./sync-request.ts');
    const options = command.optsWithGlobals<SyncCommandOptions & GlobalOptions>();
    const request = readSyncRequest(options, command.args, thisMachine());
    await sync(request, context, options.output);
  });
}

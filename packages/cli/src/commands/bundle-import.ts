// `portolan bundle import`.
import type { ImportReport } from '@portolan/mirror';
import { RepositoryName } from '@portolan/oci';
import type { Storage } from '@portolan/storage';
import type { Command } from 'commander';
import { join, resolve } from 'node:path';
import { counted } from '../terminal/counted.ts';
import { EXIT } from '../terminal/exit-codes.ts';
import { CommandFailure } from '../terminal/explain-failure.ts';
import { openImportProgress } from './bundle-progress.ts';
import type { CommandContext } from './context.ts';
import { checkReportPlace, writeReports } from './import-reports.ts';
import { readNamedFile } from './named-file.ts';
import { collectText } from './repeated-option.ts';
import { spareMemory } from './spare-memory.ts';
import { stopSignal } from './stop-signal.ts';

interface ImportOptions {
  readonly only?: readonly string[];
  readonly prefix?: string;
  readonly allowOlder?: true;
  readonly key?: string;
  readonly report?: string;
  readonly dryRun?: true;
}

const IMAGES_AT_ONCE = 2;
const BLOBS_AT_ONCE = 4;

/** PEM. */
export async function readPublicKey(file: string | undefined): Promise<string | undefined> {
  if (file === undefined) return undefined;
  return await readNamedFile(file, { absent: 'name FILE.pub of `portolan bundle keygen FILE`' });
}

async function runImport(
  context: CommandContext,
  storage: Storage,
  request: { readonly from: string; readonly options: ImportOptions; readonly signal: AbortSignal },
): Promise<ImportReport> {
  spareMemory();
  const { createLocalRepository, importBundle, parseSelectors } = await import('@portolan/mirror');
  const { actor, clock } = context;
  const { from, options, signal } = request;
  const { prefix } = options;
  const publicKey = await readPublicKey(options.key);
  const deps = { content: storage, downloads: storage.mirrorDownloads };
  const progress = openImportProgress(context);
  return importBundle(
    {
      bundles: storage.bundles,
      openRepository: (name) => createLocalRepository(deps, name, actor),
      isBlobHere: ({ digest, size }) => storage.blobs.isAnywhere(digest, size),
      checkNamespace: (name) => storage.namespaces.checkMirror(name),
      ensureNamespace: (name) => storage.namespaces.ensureMirror(name, actor),
      clock,
      actor,
    },
    {
      directory: resolve(from),
      selector: parseSelectors(options.only ?? []),
      prefix: prefix === undefined ? undefined : RepositoryName.parse(prefix),
      allowsOlder: options.allowOlder === true,
      publicKey,
      isDryRun: options.dryRun === true,
      imagesAtOnce: IMAGES_AT_ONCE,
      blobsAtOnce: BLOBS_AT_ONCE,
      signal,
      progress,
    },
  ).finally(() => progress.end());
}

function count({ references }: ImportReport, outcome: string): number {
  return references.filter((reference) => reference.outcome === outcome).length;
}

/** @throws CommandFailure 3 when nothing matched, 1 when something failed */
function answer(context: CommandContext, report: ImportReport, file: string | undefined): void {
  const { references } = report;
  if (references.length === 0) {
    throw new CommandFailure('no reference of the bundle matches', EXIT.notFound);
  }
  const failed = count(report, 'failed');
  context.output.record({
    bundle: report.bundle,
    made: report.madeAt,
    signature: report.signature,
    references: references.length,
    new: count(report, 'new'),
    moved: count(report, 'moved'),
    unchanged: count(report, 'unchanged'),
    failed,
    report: file ?? null,
  });
  if (failed > 0) {
    throw new CommandFailure(`${counted(failed, 'reference')} could not be imported`, EXIT.failed);
  }
}

async function importFrom(
  context: CommandContext,
  from: string,
  options: ImportOptions,
): Promise<void> {
  const { signal, end } = stopSignal();
  const { report, file } = await context
    .withStorage(async (storage) => {
      // The stick may be read-only, and so may the directory that the command is called in.
      const place = resolve(options.report ?? join(storage.layout.directory, 'reports'));
      await checkReportPlace(place);
      const done = await runImport(context, storage, { from, options, signal });
      const isReported = options.dryRun !== true && done.references.length > 0;
      return { report: done, file: isReported ? await writeReports(place, done) : undefined };
    })
    .finally(end);
  answer(context, report, file);
}

export function registerImport(bundle: Command, context: CommandContext): void {
  bundle
    .command('import <directory>')
    .description('Verify a bundle and take it in; what is here already is not read again')
    .option('--only <selector>', 'only these references; may be repeated', collectText)
    .option('--prefix <name>', 'put this in front of every repository name')
    .option('--allow-older', 'let tags go back to what an older bundle says')
    .option('--key <file>', 'refuse a bundle that is not signed with this public key')
    .option('--report <directory>', 'write the report there; `reports` in the data directory')
    .option('--dry-run', 'verify, say what would come, and write nothing')
    .action((from: string, options: ImportOptions) => importFrom(context, from, options));
}

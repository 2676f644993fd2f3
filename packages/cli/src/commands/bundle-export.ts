// `portolan bundle export`: from this registry, or with --from and --from-rules straight from others, on a
// machine that has none.
import type { BundleDocument, ExportResult, KnownContent } from '@portolan/mirror';
import { DomainError } from '@portolan/oci';
import type { Storage } from '@portolan/storage';
import { type Command, InvalidArgumentError } from 'commander';
import { resolve } from 'node:path';
import { size } from '../config/setting-kinds.ts';
import { EXIT } from '../terminal/exit-codes.ts';
import { CommandFailure } from '../terminal/explain-failure.ts';
import { VERSION } from '../version.ts';
import { openExportProgress } from './bundle-progress.ts';
import {
  addUpstreamOptions,
  type FoundItems,
  type UpstreamOptions,
  withUpstreamItems,
} from './bundle-upstreams.ts';
import type { CommandContext } from './context.ts';
import { requireComplete } from './export-failure.ts';
import { readNamedFile } from './named-file.ts';
import { collectText } from './repeated-option.ts';
import { spareMemory } from './spare-memory.ts';
import { stopSignal } from './stop-signal.ts';
import { timestamp } from './timestamp.ts';
import { withStoredUpstreams } from './with-upstreams.ts';

interface ExportOptions extends UpstreamOptions {
  readonly select?: readonly string[];
  readonly base?: string;
  readonly maxFileSize?: number;
  readonly sign?: string;
  readonly platform?: readonly string[];
  readonly referrers: boolean;
  readonly dryRun?: true;
}

interface Export extends FoundItems {
  readonly directory: string;
  readonly options: ExportOptions;
  readonly known: KnownContent | undefined;
  readonly signal: AbortSignal;
}

const FAT32_LIMIT = 4 * 1024 ** 3;
const SMALLEST_FILE = 1024;
const IMAGES_AT_ONCE = 2;
const BLOBS_AT_ONCE = 4;

/** `4GiB` is what people call the limit of FAT32, which is a byte less. */
function parseFileSize(text: string): number {
  const result = size().safeParse(text);
  if (!result.success || result.data < SMALLEST_FILE) {
    throw new InvalidArgumentError('It is a size such as 4GiB or 700MiB.');
  }
  return result.data === FAT32_LIMIT ? FAT32_LIMIT - 1 : result.data;
}

async function runExport(
  context: CommandContext,
  { directory, options, items, failed, known, signal }: Export,
): Promise<ExportResult> {
  spareMemory();
  const { DEFAULT_MAX_FILE_SIZE, exportBundle } = await import('@portolan/mirror');
  const { clock, randomId } = context;
  const privateKey =
    options.sign === undefined
      ? undefined
      : await readNamedFile(options.sign, { absent: '`portolan bundle keygen FILE` makes a key' });
  const progress = openExportProgress(context);
  return exportBundle(
    { clock, randomId, tool: `portolan ${VERSION}` },
    {
      directory,
      items,
      notFound: failed,
      known,
      maxFileSize: options.maxFileSize ?? DEFAULT_MAX_FILE_SIZE,
      withReferrers: options.referrers,
      privateKey,
      isDryRun: options.dryRun === true,
      imagesAtOnce: IMAGES_AT_ONCE,
      blobsAtOnce: BLOBS_AT_ONCE,
      signal,
      progress,
    },
  ).finally(() => progress.end());
}

function bundleFields({ id, madeAt, base }: BundleDocument) {
  return {
    bundle: id,
    made: timestamp(madeAt),
    base: base === undefined ? null : `${base.kind} ${base.id}`,
  };
}

/** @throws CommandFailure 3 when nothing matched; 1, 4 or 75 when something failed */
async function answer(
  context: CommandContext,
  directory: string,
  result: ExportResult,
): Promise<void> {
  const { extentOf } = await import('@portolan/mirror');
  const { plan, document, failed } = result;
  if (plan.references === 0 && failed.length === 0) {
    throw new CommandFailure('there is nothing to export: no reference matches', EXIT.notFound);
  }
  const { manifests, blobs, bytes } = document === undefined ? plan : extentOf(document);
  context.output.record({
    ...(document === undefined ? {} : bundleFields(document)),
    directory,
    references: document?.references.length ?? plan.references,
    manifests,
    blobs,
    bytes,
    leftOut: document?.expected.length ?? plan.knownBlobs,
    failed: failed.map(({ name }) => name),
  });
  requireComplete(result);
}

async function findKnown(
  { base }: ExportOptions,
  directory: string,
  storage: Storage | undefined,
): Promise<KnownContent | undefined> {
  const { findLastExport, readKnownContent } = await import('@portolan/mirror');
  if (base === undefined) return undefined;
  if (base !== 'last') return readKnownContent(resolve(base));
  if (storage !== undefined) return findLastExport(storage.bundles, directory);
  throw new DomainError('request-invalid', 'without a registry nobody knows the last bundle', {
    hint: 'name a have.json or the directory of a bundle with --base',
  });
}

/** For `--base last`, and for the audit log. */
async function recordExport(
  { actor }: CommandContext,
  storage: Storage | undefined,
  { document }: ExportResult,
): Promise<void> {
  if (storage === undefined || document === undefined) return;
  const { exportRecord } = await import('@portolan/mirror');
  await storage.bundles.record(exportRecord(document), actor);
}

async function exportOurs(
  context: CommandContext,
  directory: string,
  selectors: readonly string[],
  options: ExportOptions,
): Promise<void> {
  const { localItems, parsePlatform, parseSelectors } = await import('@portolan/mirror');
  const selector = parseSelectors(selectors);
  const platforms = options.platform?.map(parsePlatform);
  const { signal, end } = stopSignal();
  const result = await context
    .withStorage(async (storage) => {
      const known = await findKnown(options, directory, storage);
      const deps = { content: storage, downloads: storage.mirrorDownloads };
      const items = await localItems(deps, { selector, platforms, signal });
      const found = { items, failed: [] };
      const done = await runExport(context, { directory, options, ...found, known, signal });
      await recordExport(context, storage, done);
      return done;
    })
    .finally(end);
  await answer(context, directory, result);
}

async function exportTheirs(
  context: CommandContext,
  directory: string,
  options: ExportOptions,
): Promise<void> {
  const { parsePlatform } = await import('@portolan/mirror');
  const platforms = options.platform?.map(parsePlatform);
  const { signal, end } = stopSignal();
  const result = await withStoredUpstreams(context, async (stored, storage) => {
    const known = await findKnown(options, directory, storage);
    const work = ({ items, failed }: FoundItems) => {
      const chosen = items.map((item) => ({ ...item, platforms: platforms ?? item.platforms }));
      return runExport(context, { directory, options, items: chosen, failed, known, signal });
    };
    const done = await withUpstreamItems(context, options, { stored, signal, work });
    await recordExport(context, storage, done);
    return done;
  }).finally(end);
  await answer(context, directory, result);
}

function isFromUpstreams({ from, fromRules }: ExportOptions): boolean {
  return from !== undefined || fromRules !== undefined;
}

export function registerExport(bundle: Command, context: CommandContext): void {
  const command = bundle
    .command('export <directory> [selectors...]')
    .description('Write images to a directory, such as a stick; run it again to go on')
    .option('--select <selector>', 'as the selectors behind the directory', collectText)
    .option('--base <base>', 'leave out what is there: `last`, a bundle, or a have.json')
    .option('--max-file-size <size>', 'split larger blobs; 4GiB unless told', parseFileSize)
    .option('--sign <file>', 'sign with this key of `portolan bundle keygen`')
    .option('--platform <platform>', 'only this one of each index; may be repeated', collectText)
    .option('--no-referrers', 'leave signatures and other referrers out')
    .option('--dry-run', 'read everything and write nothing');
  addUpstreamOptions(command).action(
    async (to: string, selectors: readonly string[], options: ExportOptions) => {
      const all = [...selectors, ...(options.select ?? [])];
      const directory = resolve(to);
      if (!isFromUpstreams(options)) {
        await exportOurs(context, directory, all, options);
        return;
      }
      if (all.length > 0) {
        throw new DomainError('request-invalid', 'selectors choose from this registry alone', {
          hint: 'name images of other registries with --from',
        });
      }
      await exportTheirs(context, directory, options);
    },
  );
}

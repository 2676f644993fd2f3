// Registries of our own in temporary directories, as the two sides of an air gap.
import { type Reference, RepositoryName, Tag } from '@portolan/oci';
import { openStorage, type Storage } from '@portolan/storage';
import { onTestFinished } from 'vitest';
import type { BundleDocument } from '../../src/bundle/bundle-document.ts';
import { exportBundle, type ExportRequest } from '../../src/bundle/export-bundle.ts';
import type { ExportItem } from '../../src/bundle/reference-content.ts';
import { type ImportRequest, importBundle } from '../../src/bundle/import-bundle.ts';
import type { ImportReport } from '../../src/bundle/import-report.ts';
import type { KnownContent } from '../../src/bundle/known-content.ts';
import { DEFAULT_MAX_FILE_SIZE } from '../../src/bundle/layout.ts';
import { localItems, takeInventory } from '../../src/bundle/local-content.ts';
import { parseSelectors } from '../../src/selection/selectors.ts';
import { createLocalRepository, type LocalRepository } from '../../src/places/local-repository.ts';
import { SILENT_COPY } from '../../src/sync/sync-progress.ts';
import type { SampleContent } from '../places/sample-content.ts';
import { nextId, putContent, signal, temporaryDirectory } from './bundle-fixture.ts';

const HOUR = 3_600_000;
const nothing = (): void => undefined;

export const SILENT_EXPORT: ExportRequest['progress'] = {
  planned: nothing,
  started: () => SILENT_COPY,
  copied: nothing,
  failed: nothing,
};

export const SILENT_IMPORT: ImportRequest['progress'] = {
  verifyStarted: nothing,
  verifying: nothing,
  verified: nothing,
  found: nothing,
  started: () => SILENT_COPY,
  done: nothing,
};

/** Each bundle is a minute younger than the one before. */
let minutes = 0;

export interface ExportOptions extends Partial<Omit<ExportRequest, 'items'>> {
  readonly select?: readonly string[];
}

export async function exportItems(items: readonly ExportItem[], options: ExportOptions = {}) {
  const at = Date.parse('2026-11-01T00:00:00Z') + ++minutes * 60_000;
  const directory = options.directory ?? (await temporaryDirectory());
  const result = await exportBundle(
    { clock: () => at, randomId: nextId, tool: 'portolan test' },
    {
      items,
      notFound: [],
      known: undefined,
      maxFileSize: DEFAULT_MAX_FILE_SIZE,
      withReferrers: true,
      privateKey: undefined,
      isDryRun: false,
      imagesAtOnce: 2,
      blobsAtOnce: 2,
      signal,
      progress: SILENT_EXPORT,
      ...options,
      directory,
    },
  );
  return { ...result, directory };
}

export interface TestRegistry {
  readonly storage: Storage;
  repository(name: RepositoryName): LocalRepository;
  put(name: RepositoryName, content: SampleContent): Promise<void>;
  items(select?: readonly string[]): Promise<readonly ExportItem[]>;
  exportTo(options?: ExportOptions): Promise<{ directory: string; document: BundleDocument }>;
  importFrom(directory: string, options?: Partial<ImportRequest>): Promise<ImportReport>;
  have(): Promise<KnownContent>;
  /** `repository:tag` → digest, of all there is. */
  tags(): Promise<Readonly<Record<string, string>>>;
}

export async function openRegistry(): Promise<TestRegistry> {
  const storage = await openStorage({
    directory: await temporaryDirectory(),
    clock: Date.now,
    randomId: nextId,
    times: { leaseMs: HOUR, uploadIdleMs: HOUR, orphanFileMs: HOUR },
    diskFloorBytes: 0,
  });
  onTestFinished(() => storage.close());
  const deps = { content: storage, downloads: storage.mirrorDownloads };
  const repository = (name: RepositoryName) => createLocalRepository(deps, name, 'tester');
  const items = (select: readonly string[] = []) =>
    localItems(deps, { selector: parseSelectors(select), platforms: undefined, signal });
  return {
    storage,
    repository,
    items,
    async put(name, content) {
      await storage.namespaces.ensureMirror(RepositoryName.namespace(name), 'tester');
      await putContent(repository(name), content);
    },
    async exportTo({ select, ...options } = {}) {
      const { directory, document } = await exportItems(await items(select), options);
      if (document === undefined) throw new Error('nothing was exported');
      return { directory, document };
    },
    importFrom: (directory, options = {}) =>
      importBundle(
        {
          bundles: storage.bundles,
          openRepository: repository,
          isBlobHere: ({ digest, size }) => storage.blobs.isAnywhere(digest, size),
          checkNamespace: (name) => storage.namespaces.checkMirror(name),
          ensureNamespace: (name) => storage.namespaces.ensureMirror(name, 'tester'),
          clock: () => Date.parse('2026-12-01T00:00:00Z'),
          actor: 'tester',
        },
        {
          directory,
          selector: parseSelectors([]),
          prefix: undefined,
          allowsOlder: false,
          publicKey: undefined,
          isDryRun: false,
          imagesAtOnce: 2,
          blobsAtOnce: 2,
          signal,
          progress: SILENT_IMPORT,
          ...options,
        },
      ),
    async have() {
      const have = await takeInventory(deps, { id: nextId(), at: 0, signal });
      return { kind: 'have', id: have.id, blobs: new Set(have.blobs) };
    },
    async tags() {
      const all = new Map<string, string>();
      for (const { repository: name, source, references } of await items()) {
        for (const reference of references) {
          const head = await source.head(reference, signal);
          if (reference.kind === 'tag') all.set(`${name}:${reference.tag}`, head?.digest ?? '');
        }
      }
      return Object.fromEntries(all);
    },
  };
}

export function tagged(tag: string): Reference {
  return { kind: 'tag', tag: Tag.parse(tag) };
}

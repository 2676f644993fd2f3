// Bundles in temporary directories, made of content in memory.
import { RepositoryName } from '@portolan/oci';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { onTestFinished } from 'vitest';
import { readBundle } from '../../src/bundle/bundle-contents.ts';
import type { BundleDocument } from '../../src/bundle/bundle-document.ts';
import { type BundleWriterDeps, createBundleWriter } from '../../src/bundle/bundle-writer.ts';
import { DEFAULT_MAX_FILE_SIZE } from '../../src/bundle/layout.ts';
import { createBundleSink, createBundleSource } from '../../src/places/bundle-repository.ts';
import type { SinkRepository, SourceRepository } from '../../src/places/place.ts';
import { describeBytes, inParts, type SampleContent } from '../places/sample-content.ts';

export const BUSYBOX = RepositoryName.parse('docker.io/library/busybox');
export const signal = new AbortController().signal;

let count = 0;

/** Ids that count up: 32 hex digits. */
export function nextId(): string {
  count += 1;
  return count.toString(16).padStart(32, '0');
}

export async function temporaryDirectory(): Promise<string> {
  const path = await mkdtemp(join(tmpdir(), 'portolan-bundle-'));
  onTestFinished(() => rm(path, { recursive: true, force: true }));
  return path;
}

export function writerDeps(
  directory: string,
  options: Partial<BundleWriterDeps> = {},
): BundleWriterDeps {
  return {
    directory,
    maxFileSize: DEFAULT_MAX_FILE_SIZE,
    known: undefined,
    clock: () => Date.parse('2026-11-01T12:00:00Z'),
    randomId: nextId,
    tool: 'portolan test',
    ...options,
  };
}

export async function putContent(sink: SinkRepository, content: SampleContent): Promise<void> {
  for (const bytes of content.blobs) {
    const blob = describeBytes(bytes);
    if (await sink.hasBlob(blob, signal)) continue;
    await sink.putBlob(blob, async (start) => inParts(bytes.subarray(start)), signal);
  }
  for (const manifest of content.manifests) {
    await sink.putManifest(manifest, manifest.tags, signal);
  }
}

export interface MadeBundle {
  readonly directory: string;
  readonly document: BundleDocument;
  source(): Promise<SourceRepository>;
}

export async function makeBundle(
  content: SampleContent,
  options: Partial<BundleWriterDeps> & { readonly privateKey?: string } = {},
): Promise<MadeBundle> {
  const { privateKey, ...rest } = options;
  const directory = options.directory ?? (await temporaryDirectory());
  const writer = await createBundleWriter(writerDeps(directory, rest));
  const source = 'docker.io/library/busybox';
  await putContent(createBundleSink(writer, { repository: BUSYBOX, source }), content);
  const document = await writer.finish({ privateKey, keepsUnfinished: false });
  return {
    directory,
    document,
    source: async () => createBundleSource(await readBundle(directory), BUSYBOX),
  };
}

// `bundle.json`: what a bundle holds, and what it takes for granted on the other side. Whoever reads it
// believes nothing: every name and digest is parsed, since parts of them become paths.
import { Digest, type DomainError } from '@portolan/oci';
import * as z from 'zod';
import { mirrorError } from '../errors.ts';
import { MAX_DESCRIPTORS } from './document-limits.ts';
import { countParts, DOCUMENT_FILE, MAX_FURTHER_PARTS } from './layout.ts';
import { formatReferenceName, type NamedReference, parseReferenceName } from './reference-name.ts';

export const BUNDLE_FORMAT = 'portolan-bundle/1';

export const BundleId: z.ZodType<string> = z.string().regex(/^[0-9a-f]{32}$/);
const size = z.int().nonnegative();

export const digest: z.ZodType<Digest> = z.string().transform((text, issue): Digest => {
  const found = Digest.find(text);
  if (found !== undefined) return found;
  issue.addIssue({ code: 'custom', message: 'is not a digest' });
  return z.NEVER;
});

export const referenceName: z.ZodType<NamedReference> = z
  .string()
  .max(1024)
  .transform((text, issue): NamedReference => {
    try {
      return parseReferenceName(text);
    } catch (error) {
      issue.addIssue({ code: 'custom', message: (error as DomainError).message });
      return z.NEVER;
    }
  });

/** Milliseconds here, ISO 8601 in the file. */
export const time: z.ZodType<number> = z.iso.datetime().transform((text) => Date.parse(text));

export interface BundleReference extends NamedReference {
  readonly digest: Digest;
  readonly mediaType: string;
  readonly size: number;
  /** Where it was copied from: a name at another registry, or in the registry that made the bundle. */
  readonly source: string;
  readonly copiedAt: number;
}

export interface BundledBlob {
  readonly digest: Digest;
  readonly size: number;
  /** In how many files; 1 is whole. */
  readonly parts: number;
  /** Of a manifest; undefined for what is none. */
  readonly manifest?: string | undefined;
}

export interface BundleBase {
  readonly kind: 'bundle' | 'have';
  readonly id: string;
}

export interface BundleDocument {
  readonly id: string;
  readonly madeAt: number;
  /** Program and version. */
  readonly tool: string;
  /** What the other side was taken to have; undefined when nothing was left out. */
  readonly base: BundleBase | undefined;
  readonly maxFileSize: number;
  readonly references: readonly BundleReference[];
  /** Manifests too: all of these are files. */
  readonly blobs: readonly BundledBlob[];
  /** Left out, since the other side has them. */
  readonly expected: readonly { readonly digest: Digest; readonly size: number }[];
  /** Children of indexes that were left out: other platforms. */
  readonly omitted: readonly Digest[];
}

const SCHEMA = z.strictObject({
  format: z.literal(BUNDLE_FORMAT),
  id: BundleId,
  madeAt: time,
  tool: z.string().max(200),
  base: z.strictObject({ kind: z.enum(['bundle', 'have']), id: BundleId }).nullable(),
  maxFileSize: z.int().positive(),
  counts: z.strictObject({
    references: size,
    manifests: size,
    blobs: size,
    files: size,
    expected: size,
  }),
  bytes: size,
  references: z.array(
    z.strictObject({
      name: referenceName,
      digest,
      mediaType: z.string().max(255),
      size,
      source: z.string().max(1024),
      copiedAt: time,
    }),
  ),
  blobs: z.array(
    z.strictObject({
      digest,
      size,
      parts: z.int().min(1).max(9999),
      manifest: z.string().max(255).optional(),
    }),
  ),
  expected: z.array(z.strictObject({ digest, size })),
  omitted: z.array(digest),
});

function countsOf({ references, blobs, expected }: Omit<BundleDocument, 'base'>) {
  return {
    references: references.length,
    manifests: blobs.filter(({ manifest }) => manifest !== undefined).length,
    blobs: blobs.length,
    files: blobs.reduce((sum, blob) => sum + blob.parts, 0),
    expected: expected.length,
  };
}

export function bytesOf({ blobs }: Pick<BundleDocument, 'blobs'>): number {
  return blobs.reduce((sum, blob) => sum + blob.size, 0);
}

/** As it is told everywhere but in bundle.json: what is a manifest is no blob. */
interface BundleExtent {
  readonly manifests: number;
  readonly blobs: number;
  readonly bytes: number;
}

export function extentOf(document: Omit<BundleDocument, 'base'>): BundleExtent {
  const { manifests, blobs } = countsOf(document);
  return { manifests, blobs: blobs - manifests, bytes: bytesOf(document) };
}

function isoTime(milliseconds: number): string {
  return new Date(milliseconds).toISOString();
}

/** As the file has it; plain data. */
export function toJson(document: BundleDocument): Record<string, unknown> {
  return {
    format: BUNDLE_FORMAT,
    id: document.id,
    madeAt: isoTime(document.madeAt),
    tool: document.tool,
    base: document.base ?? null,
    maxFileSize: document.maxFileSize,
    counts: countsOf(document),
    bytes: bytesOf(document),
    references: document.references.map(({ repository, reference, ...rest }) => ({
      name: formatReferenceName({ repository, reference }),
      digest: rest.digest,
      mediaType: rest.mediaType,
      size: rest.size,
      source: rest.source,
      copiedAt: isoTime(rest.copiedAt),
    })),
    blobs: document.blobs,
    expected: document.expected,
    omitted: document.omitted,
  };
}

const MAX_SAID = 500;

export function invalidDocument(
  file: string,
  error: z.ZodError | SyntaxError,
): ReturnType<typeof mirrorError> {
  const issue = error instanceof z.ZodError ? error.issues[0] : undefined;
  const where = issue === undefined ? '' : issue.path.map(String).join('.');
  const why = issue?.message ?? error.message;
  return mirrorError('bundle-invalid', `${file} is not what a bundle has`, {
    file,
    // A name in it may be as long as the file.
    problem: (where === '' ? why : `${where}: ${why}`).slice(0, MAX_SAID),
  });
}

/** @throws MirrorError `bundle-invalid` */
export function parseJsonDocument<T>(file: string, text: string, schema: z.ZodType<T>): T {
  let json: unknown;
  try {
    json = JSON.parse(text);
  } catch (error) {
    throw invalidDocument(file, error as SyntaxError);
  }
  const parsed = schema.safeParse(json);
  if (!parsed.success) throw invalidDocument(file, parsed.error);
  return parsed.data;
}

function contradiction(problem: string): never {
  const detail = { file: DOCUMENT_FILE, problem };
  throw mirrorError('bundle-invalid', `${DOCUMENT_FILE} contradicts itself`, detail);
}

function checkConsistency(document: BundleDocument, stated: unknown): void {
  const { blobs, expected, maxFileSize, omitted, references } = document;
  const listed = [blobs, expected, omitted, references].reduce((sum, one) => sum + one.length, 0);
  if (listed > MAX_DESCRIPTORS) contradiction('it lists more than a bundle can hold');
  const counted = { counts: countsOf(document), bytes: bytesOf(document) };
  if (JSON.stringify(stated) !== JSON.stringify(counted)) {
    contradiction('counts and bytes are not those of its lists');
  }
  if (counted.counts.files - blobs.length > MAX_FURTHER_PARTS) {
    contradiction('it splits its blobs into more files than a bundle has');
  }
  const digests = new Set([...blobs, ...expected].map((blob) => blob.digest));
  if (digests.size !== blobs.length + expected.length) contradiction('a blob is listed twice');
  const names = new Set(references.map(formatReferenceName));
  if (names.size !== references.length) contradiction('a reference is listed twice');
  const odd = blobs.find(({ size: bytes, parts }) => parts !== countParts(bytes, maxFileSize));
  if (odd !== undefined) contradiction(`${odd.digest} has not as many parts as it needs`);
}

/** @throws MirrorError `bundle-invalid` */
export function parseBundleDocument(text: string): BundleDocument {
  const parsed = parseJsonDocument(DOCUMENT_FILE, text, SCHEMA);
  const { base, references, counts, bytes, format: _format, ...rest } = parsed;
  const document: BundleDocument = {
    ...rest,
    base: base ?? undefined,
    references: references.map(({ name, ...reference }) => ({ ...name, ...reference })),
  };
  const { references: r, manifests, blobs, files, expected } = counts;
  checkConsistency(document, {
    counts: { references: r, manifests, blobs, files, expected },
    bytes,
  });
  return document;
}

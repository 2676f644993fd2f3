// Reading single fields out of a manifest's JSON, each with an error that names the field.
import type { Descriptor } from './descriptor.ts';
import { Digest } from './digest.ts';
import { DomainError } from './domain-error.ts';

export type JsonObject = Readonly<Record<string, unknown>>;

export function isObject(value: unknown): value is JsonObject {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

function invalid(message: string, detail: Record<string, unknown> = {}): never {
  throw new DomainError('manifest-invalid', message, detail);
}

/** A map of strings; absent is empty. */
export function readAnnotations(value: unknown, field: string): Readonly<Record<string, string>> {
  if (value === undefined || value === null) return {};
  if (!isObject(value)) return invalid(`\`${field}\` is not an object`);
  for (const [key, entry] of Object.entries(value)) {
    if (typeof entry !== 'string') invalid(`\`${field}.${key}\` is not a string`);
  }
  return value as Readonly<Record<string, string>>;
}

function readDigest(value: unknown, field: string): Digest {
  if (typeof value !== 'string') return invalid(`\`${field}.digest\` is missing`);
  return (
    Digest.find(value) ??
    invalid(`\`${field}.digest\` is not a digest that can be stored here`, {
      digest: value.slice(0, 256),
      hint: 'use sha256 or sha512 in lower-case hex',
    })
  );
}

function readUrls(value: unknown, field: string): readonly string[] | undefined {
  if (value === undefined || value === null) return undefined;
  if (!Array.isArray(value) || value.some((url) => typeof url !== 'string')) {
    return invalid(`\`${field}.urls\` is not a list of strings`);
  }
  return value as string[];
}

/** image-spec descriptor.md: `mediaType`, `digest` and `size` are required. */
export function readDescriptor(value: unknown, field: string): Descriptor {
  if (!isObject(value)) return invalid(`\`${field}\` is not a descriptor`);
  const { mediaType, size, artifactType } = value;
  if (typeof mediaType !== 'string') return invalid(`\`${field}.mediaType\` is missing`);
  if (typeof size !== 'number' || !Number.isSafeInteger(size) || size < 0) {
    return invalid(`\`${field}.size\` is not a size in bytes`);
  }
  const urls = readUrls(value['urls'], field);
  return {
    mediaType,
    size,
    digest: readDigest(value['digest'], field),
    annotations: readAnnotations(value['annotations'], `${field}.annotations`),
    ...(typeof artifactType === 'string' ? { artifactType } : {}),
    ...(urls === undefined ? {} : { urls }),
  };
}

// Manifests and indexes: image-spec manifest.md and image-index.md, and Docker's schema 2 twins.
// Only what the registry needs is read out; the bytes themselves are stored and served unchanged.
import type { Descriptor } from './descriptor.ts';
import { DomainError } from './domain-error.ts';
import { checkJsonLimits } from './json-limits.ts';
import { type JsonObject, isObject, readAnnotations, readDescriptor } from './manifest-fields.ts';
import { DOCKER_MANIFEST_LIST, MediaType, OCI_INDEX, OCI_MANIFEST } from './media-type.ts';

export type ReferenceKind = 'config' | 'layer' | 'child';

/** A descriptor that a manifest points at. */
export interface ManifestReference {
  readonly kind: ReferenceKind;
  readonly descriptor: Descriptor;
  /** False where the spec lets the content be absent: a non-distributable layer with `urls`. */
  readonly isRequired: boolean;
}

export interface Manifest {
  readonly mediaType: MediaType;
  readonly isIndex: boolean;
  /** Own `artifactType`; for an image manifest without one, the config's media type (referrers). */
  readonly artifactType: string | undefined;
  readonly subject: Descriptor | undefined;
  readonly annotations: Readonly<Record<string, string>>;
  readonly references: readonly ManifestReference[];
}

const MAX_DESCRIPTORS = 10_000;

function invalid(message: string, detail: Record<string, unknown> = {}): never {
  throw new DomainError('manifest-invalid', message, detail);
}

function parseJson(body: Uint8Array): JsonObject {
  checkJsonLimits(body);
  let document: unknown;
  try {
    document = JSON.parse(new TextDecoder('utf-8', { fatal: true }).decode(body));
  } catch {
    return invalid('manifest is not JSON', { hint: 'send the manifest as UTF-8 JSON' });
  }
  if (!isObject(document)) return invalid('manifest is not a JSON object');
  return document;
}

/** One document must not be readable as two things (CVE-2021-41190, GHSA-77vh-xpmg-72qh). */
function refuseAmbiguous(document: JsonObject): void {
  if ('manifests' in document && ('layers' in document || 'config' in document)) {
    invalid('manifest is ambiguous: it has both `manifests` and `layers` or `config`');
  }
  if ('fsLayers' in document) {
    invalid('Docker schema 1 is not supported', { hint: 'push schema 2 or OCI manifests' });
  }
}

function decideMediaType(document: JsonObject, contentType: string | undefined): MediaType {
  const own = document['mediaType'];
  if (own !== undefined && typeof own !== 'string') invalid('`mediaType` is not a string');
  const stated = contentType === undefined ? undefined : MediaType.parse(contentType);
  const inside = own === undefined ? undefined : MediaType.parse(own);
  if (stated !== undefined && inside !== undefined && stated !== inside) {
    invalid("Content-Type differs from the manifest's own `mediaType`", {
      contentType: stated,
      mediaType: inside,
      hint: 'send the same type in both places',
    });
  }
  const mediaType = stated ?? inside ?? ('manifests' in document ? OCI_INDEX : OCI_MANIFEST);
  if (MediaType.isSchema1(mediaType)) {
    invalid('Docker schema 1 is not supported', { hint: 'push schema 2 or OCI manifests' });
  }
  return mediaType;
}

function readList(document: JsonObject, field: string): readonly unknown[] {
  const list = document[field];
  if (list === undefined || list === null) return [];
  if (!Array.isArray(list)) return invalid(`\`${field}\` is not a list`);
  if (list.length > MAX_DESCRIPTORS) {
    throw new DomainError('manifest-too-complex', `\`${field}\` has too many entries`, {
      max: MAX_DESCRIPTORS,
    });
  }
  return list;
}

// Layers that their publisher forbids to redistribute; they may be absent (spec, "Pushing Manifests").
const NON_DISTRIBUTABLE = /\.nondistributable\.|\.foreign\./;

function readReferences(document: JsonObject): ManifestReference[] {
  const references: ManifestReference[] = [];
  if (document['config'] !== undefined && document['config'] !== null) {
    const descriptor = readDescriptor(document['config'], 'config');
    references.push({ kind: 'config', descriptor, isRequired: true });
  }
  for (const [i, layer] of readList(document, 'layers').entries()) {
    const descriptor = readDescriptor(layer, `layers[${i}]`);
    const mayBeAbsent =
      (descriptor.urls?.length ?? 0) > 0 || NON_DISTRIBUTABLE.test(descriptor.mediaType);
    references.push({ kind: 'layer', descriptor, isRequired: !mayBeAbsent });
  }
  for (const [i, child] of readList(document, 'manifests').entries()) {
    const descriptor = readDescriptor(child, `manifests[${i}]`);
    references.push({ kind: 'child', descriptor, isRequired: true });
  }
  return references;
}

function readArtifactType(
  document: JsonObject,
  config: Descriptor | undefined,
): string | undefined {
  const own = document['artifactType'];
  if (own !== undefined && typeof own !== 'string') invalid('`artifactType` is not a string');
  if (typeof own === 'string' && own !== '') return own;
  return config?.mediaType;
}

/**
 * Reads a manifest.
 * @param body the exact bytes that were pushed
 * @param contentType the request's Content-Type, parameters allowed, or undefined to infer it
 * @throws DomainError `manifest-invalid`, `manifest-too-complex`, `media-type-invalid`
 */
export function parseManifest(body: Uint8Array, contentType: string | undefined): Manifest {
  const document = parseJson(body);
  refuseAmbiguous(document);
  const version = document['schemaVersion'];
  if (version !== undefined && version !== 2) invalid('`schemaVersion` is not 2');
  const mediaType = decideMediaType(document, contentType);
  const isIndex = MediaType.isIndex(mediaType);
  if (isIndex && ('layers' in document || 'config' in document)) {
    invalid('an index cannot have `layers` or `config`', { mediaType });
  }
  if (!isIndex && 'manifests' in document) {
    invalid('a document with `manifests` must be an index', {
      mediaType,
      hint: `use ${OCI_INDEX} or ${DOCKER_MANIFEST_LIST}`,
    });
  }
  const references = readReferences(document);
  const config = references.find((reference) => reference.kind === 'config')?.descriptor;
  const subject = document['subject'];
  return {
    mediaType,
    isIndex,
    artifactType: readArtifactType(document, config),
    subject:
      subject === undefined || subject === null ? undefined : readDescriptor(subject, 'subject'),
    annotations: readAnnotations(document['annotations'], 'annotations'),
    references,
  };
}

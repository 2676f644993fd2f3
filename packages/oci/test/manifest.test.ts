import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  DOCKER_MANIFEST_LIST,
  DomainError,
  OCI_INDEX,
  OCI_MANIFEST,
  parseManifest,
} from '../src/index.ts';

const digest = (letter: string): string => `sha256:${letter.repeat(64)}`;
const descriptor = (letter: string, extra: object = {}): object => ({
  mediaType: 'application/vnd.oci.image.layer.v1.tar+gzip',
  digest: digest(letter),
  size: 10,
  ...extra,
});
const image = (extra: object = {}): object => ({
  schemaVersion: 2,
  mediaType: OCI_MANIFEST,
  config: descriptor('c', { mediaType: 'application/vnd.oci.image.config.v1+json' }),
  layers: [descriptor('a')],
  ...extra,
});
const read = (document: unknown, contentType?: string) =>
  parseManifest(Buffer.from(JSON.stringify(document)), contentType);

const many = (text: (i: number) => string) => Array.from({ length: 200_001 }, (_, i) => text(i));

describe('parseManifest', () => {
  it('reads an image manifest, and its config`s type as artifact type', () => {
    const manifest = read(image());
    expect(manifest).toMatchObject({
      mediaType: OCI_MANIFEST,
      isIndex: false,
      artifactType: 'application/vnd.oci.image.config.v1+json',
      subject: undefined,
    });
    expect(manifest.references.map((r) => [r.kind, r.descriptor.digest, r.isRequired])).toEqual([
      ['config', digest('c'), true],
      ['layer', digest('a'), true],
    ]);
  });

  it('prefers a manifest`s own artifact type', () => {
    expect(read(image({ artifactType: 'application/x' })).artifactType).toBe('application/x');
  });

  it('gives an index without artifact type none', () => {
    const manifest = read({
      mediaType: OCI_INDEX,
      manifests: [descriptor('b')],
      subject: descriptor('d'),
    });
    expect(manifest).toMatchObject({ isIndex: true, artifactType: undefined });
    expect(manifest.subject?.digest).toBe(digest('d'));
    expect(manifest.references).toMatchObject([{ kind: 'child', isRequired: true }]);
  });

  it('infers the media type when neither the header nor the body has one', () => {
    expect(read({ manifests: [] }).mediaType).toBe(OCI_INDEX);
    expect(read({ layers: [] }).mediaType).toBe(OCI_MANIFEST);
  });

  it('lets a foreign layer be absent', () => {
    const layers = [
      descriptor('a', { urls: ['https://example.com/x'] }),
      descriptor('b', { mediaType: 'application/vnd.oci.image.layer.nondistributable.v1.tar' }),
    ];
    const required = read(image({ layers })).references.map((r) => r.isRequired);
    expect(required).toEqual([true, false, false]);
  });

  it.each<[string, unknown, string | undefined]>([
    ['both layers and manifests', { ...image(), manifests: [] }, undefined],
    ['both config and manifests', { config: descriptor('c'), manifests: [] }, undefined],
    ['another type in the header than in the body', image(), OCI_INDEX],
    ['layers under an index type', { layers: [] }, OCI_INDEX],
    ['manifests under an image type', { manifests: [] }, OCI_MANIFEST],
    ['Docker schema 1 by body', { schemaVersion: 1, fsLayers: [] }, undefined],
    ['Docker schema 1 by type', {}, 'application/vnd.docker.distribution.manifest.v1+prettyjws'],
    ['a list', [], undefined],
    ['a number', 5, undefined],
    ['layers that are no list', { layers: {} }, undefined],
    ['a layer without digest', { layers: [{ mediaType: 'a/b', size: 1 }] }, undefined],
    ['a layer with a path as digest', { layers: [descriptor('a', { digest: '../x' })] }, undefined],
    ['a negative size', { layers: [descriptor('a', { size: -1 })] }, undefined],
    ['a size as text', { layers: [descriptor('a', { size: '1' })] }, undefined],
    ['annotations that are no strings', image({ annotations: { a: 1 } }), undefined],
    ['a subject without digest', image({ subject: {} }), undefined],
    ['a numeric media type', image({ mediaType: 4 }), undefined],
  ])('refuses %s', (_name, document, contentType) => {
    expect(() => read(document, contentType)).toThrow(
      expect.objectContaining({ code: 'manifest-invalid' }),
    );
  });

  it('refuses bytes that are not UTF-8 JSON', () => {
    for (const body of [Buffer.from('{'), Buffer.from([0x22, 0xff, 0x22]), Buffer.alloc(0)]) {
      expect(() => parseManifest(body, undefined)).toThrow(
        expect.objectContaining({ code: 'manifest-invalid' }),
      );
    }
  });

  it.each([
    ['keys', `{"x":{${many((i) => `"${i}":1`).join(',')}}}`],
    ['lists', `{"x":[${many(() => '[]').join(',')}]}`],
    ['lists in lists', `{"x":[${many(() => '[[').join('')}`],
    ['objects', `{"x":[${many((i) => `{"${i}":1}`).join(',')}]}`],
  ])('refuses more %s than any manifest has', (_, text) => {
    expect(() => parseManifest(Buffer.from(text), undefined)).toThrow(
      expect.objectContaining({ code: 'manifest-too-complex' }),
    );
  });

  it('counts no commas and brackets within strings', () => {
    const text = '[{,'.repeat(200_001);
    expect(read(image({ annotations: { text } })).annotations).toEqual({ text });
  });

  it('takes an index of as many descriptors as it may have, with everything that they may say', () => {
    const platform = { os: 'linux', architecture: 'arm', variant: 'v7' };
    const annotations = { a: '1', b: '2', c: '3' };
    const manifests = Array.from({ length: 10_000 }, () =>
      descriptor('a', { platform, annotations, artifactType: 'application/x-a' }),
    );
    const document = { schemaVersion: 2, mediaType: OCI_INDEX, manifests };
    expect(read(document).references).toHaveLength(10_000);
  });

  it('refuses deep nesting and a million descriptors before they cost anything', () => {
    const deep = Buffer.from(`{"a":${'['.repeat(100_000)}`);
    const wide = {
      mediaType: DOCKER_MANIFEST_LIST,
      manifests: Array.from({ length: 10_001 }, () => 0),
    };
    for (const body of [deep, Buffer.from(JSON.stringify(wide))]) {
      expect(() => parseManifest(body, undefined)).toThrow(
        expect.objectContaining({ code: 'manifest-too-complex' }),
      );
    }
  });

  it('does not count brackets inside strings', () => {
    expect(
      read(image({ annotations: { a: `"\\${'['.repeat(500)}` } })).annotations['a'],
    ).toHaveLength(502);
  });

  it('answers any bytes with a manifest or a domain error, never another exception', () => {
    const anyDocument = fc.jsonValue().map((value) => JSON.stringify(value));
    const bytes = fc.oneof(
      fc.uint8Array({ maxLength: 200 }),
      fc.oneof(fc.string(), anyDocument).map((text) => new TextEncoder().encode(text)),
    );
    fc.assert(
      fc.property(bytes, fc.option(fc.string(), { nil: undefined }), (body, contentType) => {
        try {
          parseManifest(body, contentType);
        } catch (error) {
          expect(error).toBeInstanceOf(DomainError);
        }
      }),
    );
  });
});

// The children of an index with their platforms, which descriptors as such do not have.
import type { Descriptor, Manifest } from '@portolan/oci';
import type { FetchedManifest } from '../places/place.ts';
import type { Platform } from '../selection/platform.ts';

export interface IndexChild {
  readonly descriptor: Descriptor;
  /** Undefined where the index does not say. */
  readonly platform: Platform | undefined;
}

function readPlatform(value: unknown): Platform | undefined {
  if (typeof value !== 'object' || value === null) return undefined;
  const { os, architecture, variant } = value as Record<string, unknown>;
  if (typeof os !== 'string' || typeof architecture !== 'string') return undefined;
  const known = typeof variant === 'string' && variant !== '' ? variant : undefined;
  return { os, architecture, variant: known };
}

/** @param manifest of the same bytes: they have been checked by whoever parsed them */
export function childrenOf(
  { body }: Pick<FetchedManifest, 'body'>,
  manifest: Manifest,
): readonly IndexChild[] {
  const document = JSON.parse(body.toString('utf8')) as { manifests?: unknown[] };
  const entries = (document.manifests ?? []) as { platform?: unknown }[];
  return manifest.references
    .filter(({ kind }) => kind === 'child')
    .map(({ descriptor }, index) => ({
      descriptor,
      platform: readPlatform(entries[index]?.platform),
    }));
}

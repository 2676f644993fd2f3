// Writes content as an OCI image layout (image-spec image-layout.md), which clients can copy from.
import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { Image } from './image.ts';

export async function createOciLayout(directory: string, image: Image): Promise<void> {
  for (const { digest, bytes } of [...image.blobs, ...image.manifests]) {
    const [algorithm = '', hex = ''] = digest.split(':');
    await mkdir(join(directory, 'blobs', algorithm), { recursive: true });
    await writeFile(join(directory, 'blobs', algorithm, hex), bytes);
  }
  await writeFile(join(directory, 'oci-layout'), '{"imageLayoutVersion":"1.0.0"}');
  const index = { schemaVersion: 2, manifests: [image.root.descriptor] };
  await writeFile(join(directory, 'index.json'), JSON.stringify(index));
}

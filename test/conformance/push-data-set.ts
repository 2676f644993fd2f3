// Pushes a data set as a client would: blobs, then manifests from the leaves to the root, then tags.
import { expect } from 'vitest';
import type { DataSet, TaggedManifest } from './data-sets.ts';
import type { Answer } from './registry-client.ts';
import type { Repository } from './repository.ts';

export interface ManifestPush {
  readonly manifest: TaggedManifest;
  /** As a digest or a tag. */
  readonly reference: string;
  readonly answer: Answer;
}

async function put(
  repository: Repository,
  { content }: TaggedManifest,
  reference: string,
  tags: readonly string[] = [],
): Promise<Answer> {
  const answer = await repository.request('PUT', repository.manifest(reference), {
    query: { tag: tags },
    headers: { 'Content-Type': content.mediaType },
    body: content.bytes,
  });
  expect(answer.status, answer.body.toString()).toBe(201);
  return answer;
}

export async function pushDataSet(
  repository: Repository,
  set: DataSet,
): Promise<readonly ManifestPush[]> {
  for (const blob of set.blobs) await repository.pushBlob(blob);
  const pushes: ManifestPush[] = [];
  for (const manifest of set.manifests) {
    const reference = manifest.content.digest;
    const parameters = set.usesTagParameters ? manifest.tags : [];
    const answer = await put(repository, manifest, reference, parameters);
    pushes.push({ manifest, reference, answer });
    for (const tag of set.usesTagParameters ? [] : manifest.tags) {
      pushes.push({ manifest, reference: tag, answer: await put(repository, manifest, tag) });
    }
  }
  return pushes;
}

// One repository as the cases use it: its paths, and pushes that must succeed since they only set up
// what a case is about.
import { expect } from 'vitest';
import type { Content, DescriptorJson } from '../support/image.ts';
import type { Answer, Session } from './registry-client.ts';

export interface Repository extends Session {
  readonly name: string;
  readonly uploads: string;
  readonly tags: string;
  readonly blob: (digest: string) => string;
  readonly manifest: (reference: string) => string;
  readonly referrers: (digest: string) => string;
  /** Begins an upload and gives its Location. */
  readonly beginUpload: () => Promise<string>;
  readonly pushBlob: (blob: Content) => Promise<Answer>;
  readonly pushManifest: (manifest: Content, reference?: string) => Promise<Answer>;
}

export function createRepository(name: string, session: Session): Repository {
  const base = `/v2/${name}`;
  const uploads = `${base}/blobs/uploads/`;
  const manifest = (reference: string) => `${base}/manifests/${reference}`;
  async function beginUpload() {
    const answer = await session.request('POST', uploads);
    expect(answer.status, answer.body.toString()).toBe(202);
    return answer.location();
  }
  return {
    name,
    uploads,
    tags: `${base}/tags/list`,
    blob: (digest) => `${base}/blobs/${digest}`,
    manifest,
    referrers: (digest) => `${base}/referrers/${digest}`,
    request: session.request,
    beginUpload,
    async pushBlob(blob) {
      const answer = await session.request('PUT', await beginUpload(), {
        query: { digest: blob.digest },
        headers: { 'Content-Type': 'application/octet-stream' },
        body: blob.bytes,
      });
      expect(answer.status, answer.body.toString()).toBe(201);
      return answer;
    },
    async pushManifest(content, reference = content.digest) {
      const answer = await session.request('PUT', manifest(reference), {
        headers: { 'Content-Type': content.mediaType },
        body: content.bytes,
      });
      expect(answer.status, answer.body.toString()).toBe(201);
      return answer;
    },
  };
}

/** The code of the first error; every refusal has the spec's body (spec "Error Codes"). */
export function errorCode(answer: Answer): string {
  const { errors } = answer.json() as { errors: { code: string; message: string }[] };
  const [first] = errors;
  expect(first?.code).toMatch(/^[A-Z_]+$/);
  return first?.code ?? '';
}

export function expectRefusal(answer: Answer, status: number, code: string): void {
  expect({ status: answer.status, code: errorCode(answer) }).toEqual({ status, code });
}

/** The target of the `Link` header with `rel="next"`, or undefined. */
export function nextLink(answer: Answer): string | undefined {
  const link = answer.headers.get('link');
  if (link === null) return undefined;
  const target = /^<([^>]+)>; *rel="?next"?$/.exec(link)?.[1];
  expect(target, `Link: ${link}`).toBeDefined();
  return target;
}

export function manifestsOf(answer: Answer): readonly DescriptorJson[] {
  return (answer.json() as { manifests: readonly DescriptorJson[] }).manifests;
}

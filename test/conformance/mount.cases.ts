// distribution-spec "Mounting a blob from another repository". What the caller may not pull mounts
// exactly like what is not there.
import { expect } from 'vitest';
import { type Algorithm, type Content, randomBlob } from '../support/image.ts';
import type { ConformanceCase, ConformanceContext } from './conformance-case.ts';
import type { Answer } from './registry-client.ts';
import type { Repository } from './repository.ts';

const SECTION = 'Mounting a blob from another repository';

interface Mount {
  readonly source: Repository;
  readonly target: Repository;
  readonly blob: Content;
}

/** A source that holds the blob, and a target whose token may pull from the source too. */
async function prepare(context: ConformanceContext, algorithm: Algorithm): Promise<Mount> {
  const source = await context.repository();
  const fresh = await context.repository();
  const blob = randomBlob(512, algorithm);
  await source.pushBlob(blob);
  const target = await context.reopen(fresh, [
    `repository:${fresh.name}:pull,push`,
    `repository:${source.name}:pull`,
  ]);
  return { source, target, blob };
}

function mount(target: Repository, digest: string, from?: string): Promise<Answer> {
  const query = from === undefined ? { mount: digest } : { mount: digest, from };
  return target.request('POST', target.uploads, { query });
}

async function expectMounted(target: Repository, answer: Answer, blob: Content) {
  expect(answer.status, answer.body.toString()).toBe(201);
  expect(answer.headers.get('docker-content-digest')).toBe(blob.digest);
  for (const path of [answer.location(), target.blob(blob.digest)]) {
    const pulled = await target.request('GET', path);
    expect(pulled.status).toBe(200);
    expect(pulled.body.equals(blob.bytes)).toBe(true);
  }
}

/** 202, and the session that came with it takes the blob. */
async function expectFellBack(target: Repository, answer: Answer, blob: Content) {
  expect(answer.status).toBe(202);
  expect((await target.request('HEAD', target.blob(blob.digest))).status).toBe(404);
  const put = await target.request('PUT', answer.location(), {
    query: { digest: blob.digest },
    body: blob.bytes,
  });
  expect(put.status, put.body.toString()).toBe(201);
}

function shapeOf(answer: Answer) {
  const headers = [...answer.headers.keys()].sort();
  const id = /[0-9a-f]{8}-?([0-9a-f]{4}-?){3}[0-9a-f]{12}/;
  const location = new URL(answer.location());
  return {
    status: answer.status,
    headers,
    body: answer.body.toString(),
    range: answer.headers.get('range'),
    query: [...location.searchParams.keys()],
    path: location.pathname.replace(id, '<id>'),
  };
}

const perAlgorithm: ConformanceCase[] = (['sha256', 'sha512'] as const).flatMap((algorithm) => [
  {
    section: SECTION,
    name: `mounts a blob from another repository, ${algorithm}`,
    async run(context) {
      const { source, target, blob } = await prepare(context, algorithm);
      const answer = await mount(target, blob.digest, source.name);
      await expectMounted(target, answer, blob);
    },
  },
  {
    section: SECTION,
    name: `mounts without \`from\` out of what the token may pull, ${algorithm}`,
    async run(context) {
      const { target, blob } = await prepare(context, algorithm);
      await expectMounted(target, await mount(target, blob.digest), blob);
    },
  },
  {
    section: SECTION,
    name: `begins an upload when the blob is in no repository, ${algorithm}`,
    async run(context) {
      const { source, target } = await prepare(context, algorithm);
      const missing = randomBlob(512, algorithm);
      const answer = await mount(target, missing.digest, source.name);
      await expectFellBack(target, answer, missing);
    },
  },
]);

const rights: ConformanceCase[] = [
  {
    section: SECTION,
    name: 'begins an upload, in the same words, when the token may not pull from the source',
    async run(context) {
      const { source, target, blob } = await prepare(context, 'sha256');
      const narrow = await context.reopen(target, [`repository:${target.name}:pull,push`]);
      const forbidden = await mount(narrow, blob.digest, source.name);
      const absent = await mount(narrow, randomBlob(9).digest, source.name);
      const unknown = await mount(narrow, blob.digest, `${source.name}/nowhere`);
      expect(shapeOf(forbidden)).toEqual(shapeOf(absent));
      expect(shapeOf(forbidden)).toEqual(shapeOf(unknown));
      await expectFellBack(narrow, forbidden, blob);
    },
  },
  {
    section: SECTION,
    name: 'finds nothing without `from` beyond what the token may pull',
    async run(context) {
      const { target, blob } = await prepare(context, 'sha256');
      const narrow = await context.reopen(target, [`repository:${target.name}:pull,push`]);
      await expectFellBack(narrow, await mount(narrow, blob.digest), blob);
    },
  },
  {
    section: SECTION,
    name: 'cancels the upload that a failed mount began',
    async run(context) {
      const repository = await context.repository();
      const answer = await mount(repository, randomBlob(9).digest, repository.name);
      expect(answer.status).toBe(202);
      expect((await repository.request('DELETE', answer.location())).status).toBe(204);
    },
  },
];

export const MOUNT_CASES: readonly ConformanceCase[] = [...perAlgorithm, ...rights];

// distribution-spec "Push": blobs in every style, mounts, cancelling.
import { expect } from 'vitest';
import { type Algorithm, content, randomBlob } from '../support/image.ts';
import { BLOB_PUSHES, chunkOptions, chunksOf, patchChunk } from './blob-pushes.ts';
import type { ConformanceCase } from './conformance-case.ts';
import type { Answer } from './registry-client.ts';
import { errorCode, expectRefusal, type Repository } from './repository.ts';

const ALGORITHMS: readonly Algorithm[] = ['sha256', 'sha512'];

const BLOBS = {
  'a random blob': (algorithm: Algorithm) => randomBlob(3 * 1024 - 5, algorithm),
  'the empty blob': (algorithm: Algorithm) => content(Buffer.alloc(0), 'any/type', algorithm),
  'the blob `{}`': (algorithm: Algorithm) => content(Buffer.from('{}'), 'any/type', algorithm),
};

async function expectPushed(repository: Repository, answer: Answer, digest: string, bytes: Buffer) {
  expect(answer.status, answer.body.toString()).toBe(201);
  expect(answer.headers.get('docker-content-digest')).toBe(digest);
  for (const target of [answer.location(), repository.blob(digest)]) {
    const pulled = await repository.request('GET', target);
    expect(pulled.status).toBe(200);
    expect(pulled.body.equals(bytes)).toBe(true);
    expect(pulled.headers.get('docker-content-digest')).toBe(digest);
  }
}

function sectionOf(style: string): string {
  if (style === 'a single POST') return 'Single POST';
  return style.startsWith('POST then PUT') ? 'POST then PUT' : 'Pushing a blob in chunks';
}

const styles = Object.entries(BLOB_PUSHES);

const goodPushes: ConformanceCase[] = ALGORITHMS.flatMap((algorithm) =>
  styles.flatMap(([style, push]) =>
    Object.entries(BLOBS).map(([kind, make]) => ({
      section: sectionOf(style),
      name: `takes ${kind} by ${style}, ${algorithm}`,
      async run(context) {
        const repository = await context.repository();
        const blob = make(algorithm);
        const answer = await push(repository, blob);
        await expectPushed(repository, answer, blob.digest, blob.bytes);
      },
    })),
  ),
);

const wrongDigests: ConformanceCase[] = ALGORITHMS.flatMap((algorithm) =>
  styles.map(([style, push]) => ({
    section: sectionOf(style),
    name: `refuses a wrong digest by ${style}, ${algorithm}`,
    async run(context) {
      const repository = await context.repository();
      const { digest, bytes, ...rest } = randomBlob(3 * 1024 - 5, algorithm);
      const spoilt = Buffer.concat([bytes, Buffer.from('oh no')]);
      const answer = await push(repository, { digest, bytes: spoilt, ...rest });
      expectRefusal(answer, 400, 'DIGEST_INVALID');
      const head = await repository.request('HEAD', repository.blob(digest));
      expect(head.status).toBe(404);
    },
  })),
);

const badDigests: ConformanceCase[] = [
  ['malformed', 'sha256:baddigeststring'],
  ['upper-case', `sha256:${'A'.repeat(64)}`],
  ['without an algorithm', 'a'.repeat(64)],
  ['of an unsupported algorithm', `blake3:${'a'.repeat(64)}`],
  ['of an unknown algorithm', `crc32+b:abcdef`],
].flatMap(([kind, digest = '']) => [
  {
    section: 'Pushing blobs',
    name: `refuses a digest that is ${kind} in a single POST`,
    async run(context) {
      const { request, uploads } = await context.repository();
      const answer = await request('POST', uploads, { query: { digest }, body: Buffer.from('x') });
      expectRefusal(answer, 400, 'DIGEST_INVALID');
    },
  },
  {
    section: 'Pushing blobs',
    name: `refuses a digest that is ${kind} in the closing PUT`,
    async run(context) {
      const { request, beginUpload } = await context.repository();
      const location = await beginUpload();
      const answer = await request('PUT', location, { query: { digest }, body: Buffer.from('x') });
      expectRefusal(answer, 400, 'DIGEST_INVALID');
    },
  },
]);

/** Asks where the upload stands, as a client does after 416. */
async function askStatus(repository: Repository, location: string, lastByte: number) {
  const answer = await repository.request('GET', location);
  expect(answer.status).toBe(204);
  expect(answer.headers.get('range')).toBe(`0-${Math.max(lastByte, 0)}`);
  return answer.location();
}

/** Before each chunk comes one that does not fit; the session survives each of them. */
async function pushOutOfOrder(repository: Repository, bytes: Buffer, isLastInPut: boolean) {
  const { digest } = content(bytes, 'any/type');
  const chunks = chunksOf(bytes);
  let location = await repository.beginUpload();
  for (const [i, chunk] of chunks.entries()) {
    const misfit = chunks[i + 1] ?? chunks[0];
    const isClosing = isLastInPut && misfit === chunks.at(-1);
    const refused = await repository.request(isClosing ? 'PUT' : 'PATCH', location, {
      ...chunkOptions(misfit ?? chunk),
      query: isClosing ? { digest } : {},
    });
    expectRefusal(refused, 416, 'BLOB_UPLOAD_INVALID');
    location = await askStatus(repository, location, chunk.start - 1);
    if (isLastInPut && chunk === chunks.at(-1)) {
      return repository.request('PUT', location, { query: { digest }, ...chunkOptions(chunk) });
    }
    location = await patchChunk(repository, location, chunk);
  }
  return repository.request('PUT', location, { query: { digest } });
}

const outOfOrder: ConformanceCase[] = [false, true].map((isLastInPut) => ({
  section: 'Pushing a blob in chunks',
  name: `answers 416 to chunks out of order and goes on, last chunk in ${isLastInPut ? 'PUT' : 'PATCH'}`,
  async run(context) {
    const repository = await context.repository();
    const { bytes, digest } = randomBlob(3 * 1024 - 5);
    const answer = await pushOutOfOrder(repository, bytes, isLastInPut);
    await expectPushed(repository, answer, digest, bytes);
  },
}));

const sessions: ConformanceCase[] = [
  {
    section: 'POST then PUT',
    name: 'gives a Location with a unique id, on the same origin',
    async run(context) {
      const repository = await context.repository();
      const [a, b] = [await repository.beginUpload(), await repository.beginUpload()];
      expect(a).not.toBe(b);
      for (const location of [a, b]) {
        expect(new URL(location).origin).toBe(context.url);
        expect(location).toMatch(/[0-9a-f]{8}-?([0-9a-f]{4}-?){3}[0-9a-f]{12}/);
      }
    },
  },
  {
    section: 'Pushing a blob in chunks',
    name: 'tells where a fresh upload stands',
    async run(context) {
      const repository = await context.repository();
      await askStatus(repository, await repository.beginUpload(), -1);
    },
  },
  {
    section: 'Pushing a blob in chunks',
    name: 'answers 416 to a chunk that is sent again from zero',
    async run(context) {
      const repository = await context.repository();
      const [first, second] = chunksOf(randomBlob(600).bytes, 2);
      if (first === undefined || second === undefined) throw new Error('two chunks');
      const location = await patchChunk(repository, await repository.beginUpload(), first);
      const again = await repository.request('PATCH', location, chunkOptions(first));
      expectRefusal(again, 416, 'BLOB_UPLOAD_INVALID');
      await patchChunk(repository, await askStatus(repository, location, 299), second);
    },
  },
  {
    section: 'Pushing a blob in chunks',
    name: 'refuses a chunk whose length is not that of its range',
    async run(context) {
      const repository = await context.repository();
      const location = await repository.beginUpload();
      const answer = await repository.request('PATCH', location, {
        headers: { 'Content-Range': '0-99' },
        body: Buffer.alloc(50),
      });
      expectRefusal(answer, 400, 'SIZE_INVALID');
      await askStatus(repository, location, -1);
    },
  },
  ...['bytes 0-4/5', '0-', '-4', 'a-b', '4-0', '0-4,5-9'].map((range) => ({
    section: 'Pushing a blob in chunks',
    name: `refuses the malformed Content-Range \`${range}\``,
    async run(context: Parameters<ConformanceCase['run']>[0]) {
      const repository = await context.repository();
      const location = await repository.beginUpload();
      const answer = await repository.request('PATCH', location, {
        headers: { 'Content-Range': range },
        body: Buffer.alloc(5),
      });
      expect([400, 416]).toContain(answer.status);
      expect(errorCode(answer)).toBe('BLOB_UPLOAD_INVALID');
    },
  })),
  {
    section: 'Pushing a blob in chunks',
    name: 'does not know an upload of another repository',
    async run(context) {
      const [mine, other] = [await context.repository(), await context.repository()];
      const location = await mine.beginUpload();
      const elsewhere = location.replace(mine.name, other.name);
      for (const method of ['GET', 'PATCH', 'PUT', 'DELETE']) {
        const query = method === 'PUT' ? { digest: randomBlob(1).digest } : {};
        const answer = await other.request(method, elsewhere, { query });
        expectRefusal(answer, 404, 'BLOB_UPLOAD_UNKNOWN');
      }
    },
  },
  {
    section: 'Cancel a blob upload',
    name: 'forgets a cancelled upload',
    async run(context) {
      const repository = await context.repository();
      const location = await repository.beginUpload();
      const cancelled = await repository.request('DELETE', location);
      expect(cancelled.status).toBe(204);
      const after = await repository.request('GET', location);
      expectRefusal(after, 404, 'BLOB_UPLOAD_UNKNOWN');
    },
  },
  {
    section: 'Cancel a blob upload',
    name: 'needs no delete right to cancel',
    async run(context) {
      const full = await context.repository();
      const repository = await context.reopen(full, [`repository:${full.name}:pull,push`]);
      const location = await repository.beginUpload();
      expect((await repository.request('DELETE', location)).status).toBe(204);
    },
  },
];

export const PUSH_CASES: readonly ConformanceCase[] = [
  ...goodPushes,
  ...wrongDigests,
  ...badDigests,
  ...outOfOrder,
  ...sessions,
];

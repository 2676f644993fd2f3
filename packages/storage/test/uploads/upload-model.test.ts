// The upload state machine against a model of a few lines, in any order of requests, each of which
// may come to either of two processes.
import * as fc from 'fast-check';
import { afterEach, beforeEach, expect, it } from 'vitest';
import type { Upload } from '../../src/uploads/upload.ts';
import {
  brokenAfter,
  type ByteStore,
  bytesOf,
  type DataDirectory,
  digestOf,
  makeDataDirectory,
  openByteStore,
  readAll,
  REPOSITORY,
  SUBJECT,
} from '../fixtures/byte-store.ts';

/** Undefined when the session has ended. */
type Model = { received: Buffer | undefined };
interface Real {
  readonly directory: DataDirectory;
  readonly processes: readonly ByteStore[];
  readonly upload: Upload;
}
type Command = fc.AsyncCommand<Model, Real>;
type Chunks = readonly Uint8Array[];

const join = (chunks: Chunks) => Buffer.concat(chunks);
const UNKNOWN = { code: 'upload-unknown' };

/** What every request must leave: the model's bytes, and nothing on disk that nobody needs. */
async function check({ received }: Model, { processes, directory, upload }: Real): Promise<void> {
  for (const { uploads } of processes) {
    const found = await uploads.find(REPOSITORY, SUBJECT, upload.id);
    expect(found?.offset).toBe(received?.length);
  }
  if (received === undefined) expect(directory.fileNames('uploads')).toEqual([]);
}

function command(
  name: string,
  run: (model: Model, store: ByteStore, upload: Upload) => Promise<void>,
  process: number,
): Command {
  return {
    check: () => true,
    async run(model, real) {
      const store = real.processes[process];
      if (store === undefined) throw new Error('no such process');
      await run(model, store, real.upload);
      await check(model, real);
    },
    toString: () => `${name}@${process}`,
  };
}

const append = (chunks: Chunks, hasStart: boolean, process: number): Command =>
  command(
    `append(${join(chunks).length}${hasStart ? ', start' : ''})`,
    async (model, { uploads }, upload) => {
      const start = model.received?.length ?? 0;
      const body = { bytes: bytesOf(...chunks), ...(hasStart ? { start } : {}) };
      const result = uploads.append(upload, body);
      if (model.received === undefined) return expect(result).rejects.toMatchObject(UNKNOWN);
      model.received = join([model.received, ...chunks]);
      expect((await result).offset).toBe(model.received.length);
    },
    process,
  );

const appendElsewhere = (chunks: Chunks, by: number, process: number): Command =>
  command(
    `appendElsewhere(${by})`,
    async (model, { uploads }, upload) => {
      const offset = model.received?.length ?? 0;
      const body = { bytes: bytesOf(...chunks), start: offset + by };
      const refusal =
        model.received === undefined
          ? UNKNOWN
          : { code: 'upload-offset-mismatch', detail: { offset } };
      await expect(uploads.append(upload, body)).rejects.toMatchObject(refusal);
    },
    process,
  );

const appendOfOtherLength = (chunks: Chunks, by: number, process: number): Command =>
  command(
    `appendOfOtherLength(${by})`,
    async (model, { uploads }, upload) => {
      const length = join(chunks).length + by;
      const refusal = model.received === undefined ? UNKNOWN : { code: 'size-mismatch' };
      const body = { bytes: bytesOf(...chunks), length };
      await expect(uploads.append(upload, body)).rejects.toMatchObject(refusal);
    },
    process,
  );

const breakOff = (chunks: Chunks, process: number): Command =>
  command(
    `breakOff(${join(chunks).length})`,
    async (model, { uploads }, upload) => {
      const refusal = model.received === undefined ? UNKNOWN : { message: 'aborted' };
      const body = { bytes: brokenAfter(...chunks), length: 1_000_000 };
      await expect(uploads.append(upload, body)).rejects.toMatchObject(refusal);
      if (model.received !== undefined) model.received = join([model.received, ...chunks]);
    },
    process,
  );

const cancel = (process: number): Command =>
  command(
    'cancel',
    async (model, { uploads }, upload) => {
      const result = uploads.cancel(upload);
      if (model.received === undefined) return expect(result).rejects.toMatchObject(UNKNOWN);
      model.received = undefined;
      return result;
    },
    process,
  );

const commit = (algorithm: 'sha256' | 'sha512', isRight: boolean, process: number): Command =>
  command(
    `commit(${algorithm}${isRight ? '' : ', wrong'})`,
    async (model, { uploads, blobs }, upload) => {
      const content = model.received ?? Buffer.alloc(0);
      const digest = digestOf(
        isRight ? content : Buffer.concat([content, content, content, Buffer.from('!')]),
        algorithm,
      );
      const result = uploads.commit(upload, digest);
      if (model.received === undefined) return expect(result).rejects.toMatchObject(UNKNOWN);
      model.received = undefined;
      if (!isRight) return expect(result).rejects.toMatchObject({ code: 'digest-mismatch' });
      expect((await readAll(blobs, await result)).equals(content)).toBe(true);
    },
    process,
  );

const process = fc.nat(1);
const chunks = fc.array(fc.uint8Array({ minLength: 1, maxLength: 2000 }), { maxLength: 4 });
const someChunks = fc.array(fc.uint8Array({ minLength: 2, maxLength: 50 }), { minLength: 1 });
const other = fc.oneof(fc.integer({ min: -20, max: -1 }), fc.integer({ min: 1, max: 20 }));
const algorithm = fc.constantFrom('sha256' as const, 'sha512' as const);
const isRight = fc.boolean();
const requests = fc.commands(
  [
    fc.tuple(chunks, fc.boolean(), process).map((args) => append(...args)),
    fc.tuple(chunks, process).map((args) => breakOff(...args)),
    fc.tuple(chunks, other, process).map((args) => appendElsewhere(...args)),
    fc
      .tuple(someChunks, fc.constantFrom(-1, 1), process)
      .map((args) => appendOfOtherLength(...args)),
    fc.tuple(chunks, fc.boolean(), process).map((args) => append(...args)),
    process.map(cancel),
    fc.tuple(algorithm, isRight, process).map((args) => commit(...args)),
  ],
  { maxCommands: 25 },
);

let directory: DataDirectory;
let processes: readonly ByteStore[];

beforeEach(async () => {
  directory = makeDataDirectory();
  processes = [await openByteStore(directory), await openByteStore(directory)];
});

afterEach(() => {
  for (const store of processes) store.close();
  directory.remove();
});

it('receives, refuses, resumes and ends as the model says', async () => {
  await fc.assert(
    fc.asyncProperty(requests, algorithm, async (commands, hint) => {
      const setup = async () => {
        const [first] = processes;
        if (first === undefined) throw new Error('no process');
        const session = { repository: REPOSITORY, subject: SUBJECT, algorithm: hint };
        const upload = await first.uploads.begin(session);
        const model: Model = { received: Buffer.alloc(0) };
        return { model, real: { directory, processes, upload } };
      };
      const started = await setup();
      await fc.asyncModelRun(() => started, commands);
      if (started.model.received !== undefined) {
        await processes[1]?.uploads.cancel(started.real.upload);
      }
      expect(directory.fileNames('uploads')).toEqual([]);
    }),
    { numRuns: 150 },
  );
});

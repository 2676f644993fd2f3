// P8: after any interleaving of push, mount, tag move, delete and collection, from two handles on one
// directory, what was acknowledged is there, and at rest nothing else is.
import { Digest, RepositoryName, Tag } from '@portolan/oci';
import * as fc from 'fast-check';
import { expect, test } from 'vitest';
import {
  type Content,
  LEASE,
  openContent,
  sha256,
  temporaryDirectory,
  type TestClock,
} from '../fixtures/content.ts';
import { descriptor, image, index } from '../fixtures/documents.ts';
import { HOUR_MS } from '../fixtures/durations.ts';
import { type ContentModel, createContentModel, type ModelManifest } from './content-model.ts';

const WORLD: Readonly<Record<string, ModelManifest>> = {
  imageA: { blobs: ['one', 'two'], children: [] },
  imageB: { blobs: ['two', 'three'], children: [] },
  imageC: { blobs: ['three'], children: [] },
  list: { blobs: [], children: ['imageA', 'imageB'] },
  nested: { blobs: [], children: ['list', 'imageC'] },
  signature: { blobs: ['one'], children: [], subject: 'imageA' },
  signedList: { blobs: ['three'], children: [], subject: 'list' },
};
const MANIFESTS = Object.keys(WORLD);
const BLOBS = ['one', 'two', 'three'];
const TAGS = ['latest', 'v1'];
const REPOSITORIES = [RepositoryName.parse('team/a'), RepositoryName.parse('team/b')] as const;

function documentOf(name: string): object {
  const { blobs, children, subject } = WORLD[name] ?? { blobs: [], children: [] };
  const more = {
    annotations: { name },
    ...(subject === undefined ? {} : { subject: descriptor(digestOf(subject)) }),
  };
  if (children.length > 0) return index(children.map(digestOf), more);
  const [config, ...layers] = blobs.map(blobDigest);
  return image(config ?? sha256(Buffer.alloc(0)), layers, more);
}

const blobDigest = (name: string): Digest => sha256(Buffer.from(name));
const digestOf = (name: string): Digest => sha256(Buffer.from(JSON.stringify(documentOf(name))));

const manifest = fc.constantFrom(...MANIFESTS);
const blob = fc.constantFrom(...BLOBS);
const tag = fc.constantFrom(...TAGS);
const of = <T extends object>(kind: string, fields: fc.Arbitrary<T>) =>
  fields.map((values) => ({ kind, ...values }));
const document = fc.record({ manifest, tag: fc.option(tag, { nil: undefined }) });
const action: fc.Arbitrary<Step> = fc.oneof(
  { weight: 8, arbitrary: of('push', document) },
  { weight: 3, arbitrary: of('put', document) },
  { weight: 1, arbitrary: of('upload', fc.record({ blob })) },
  { weight: 1, arbitrary: of('mount', fc.record({ blob })) },
  { weight: 1, arbitrary: of('head', fc.record({ blob })) },
  { weight: 2, arbitrary: of('deleteTag', fc.record({ tag })) },
  { weight: 3, arbitrary: of('deleteManifest', fc.record({ manifest })) },
  { weight: 1, arbitrary: of('deleteBlob', fc.record({ blob })) },
  { weight: 4, arbitrary: of('wait', fc.record({ hours: fc.nat(40) })) },
  { weight: 4, arbitrary: of('collect', fc.record({})) },
);

interface Step {
  readonly kind: string;
  readonly blob?: string;
  readonly manifest?: string;
  readonly tag?: string | undefined;
  readonly hours?: number;
}
const step = fc.record({ handle: fc.nat(1), repository: fc.nat(1), action });

interface Stage {
  readonly store: Content;
  readonly repository: RepositoryName;
  readonly model: ContentModel;
  readonly otherRepository: RepositoryName;
  readonly allModels: readonly ContentModel[];
  readonly clock: TestClock;
}

async function put({ store, repository, model, clock }: Stage, name: string, to?: string) {
  const tags = to === undefined ? [] : [to];
  const { blobs, children } = WORLD[name] ?? { blobs: [], children: [] };
  try {
    await store.put(documentOf(name), { repository, tags });
  } catch (error) {
    expect(error).toMatchObject({ code: 'manifest-reference-unknown' });
    // Refused only for what really is not there.
    const linked = await Promise.all(
      blobs.map((wanted) => store.blobs.find(repository, blobDigest(wanted))),
    );
    const hasChildren = children.every((child) => model.manifests.has(child));
    expect(linked.includes(undefined) || !hasChildren).toBe(true);
    return;
  }
  model.put(name, to, clock.now);
}

async function link(stage: Stage, name: string, kind: string): Promise<void> {
  const { store, repository, otherRepository, model, clock } = stage;
  const digest = blobDigest(name);
  const sources = [otherRepository];
  if (kind === 'upload') await store.addBlob(name, repository);
  else if (kind === 'mount') {
    if ((await store.blobs.mount({ to: repository, digest, sources })) === undefined) return;
  } else {
    // Promises at least an hour, and a whole lease only if less than that was left.
    if ((await store.blobs.findForPush(repository, digest)) === undefined) return;
    const held = model.links.get(name) ?? 0;
    model.links.set(name, Math.max(held, clock.now + HOUR_MS));
    return;
  }
  model.links.set(name, clock.now + LEASE);
}

/** As a client pushes: everything that the manifest needs, and then itself. */
async function push(stage: Stage, name: string, to?: string): Promise<void> {
  const { blobs, children } = WORLD[name] ?? { blobs: [], children: [] };
  for (const needed of blobs) await link(stage, needed, 'upload');
  for (const child of children) await push(stage, child);
  await put(stage, name, to);
  expect(stage.model.manifests.has(name)).toBe(true);
}

async function play(stage: Stage, { kind, blob: blobName = '', ...rest }: Step): Promise<void> {
  const { store, repository, model, clock } = stage;
  const { manifest: name = '', tag: to, hours = 0 } = rest;
  if (kind === 'wait') clock.now += hours * HOUR_MS;
  else if (kind === 'push') await push(stage, name, to);
  else if (kind === 'put') await put(stage, name, to);
  else if (kind === 'deleteTag' && to !== undefined) {
    const deleted = await store.tags.delete(repository, Tag.parse(to), 'bob');
    expect(deleted).toBe(model.tags.has(to));
    model.deleteTag(to, clock.now);
  } else if (kind === 'deleteManifest') {
    const deleted = await store.manifests.delete(repository, digestOf(name), 'bob');
    expect(deleted).toBe(model.manifests.has(name));
    if (deleted) model.deleteManifest(name, clock.now);
  } else if (kind === 'deleteBlob') {
    await store.blobs.delete(repository, blobDigest(blobName), 'bob');
    model.links.delete(blobName);
  } else if (kind === 'collect') {
    await store.collect();
    for (const each of stage.allModels) each.collect(clock.now);
  } else await link(stage, blobName, kind);
}

/** Everything that was acknowledged can be pulled, and nothing else is listed. */
async function check({ store, repository, model, clock }: Stage): Promise<void> {
  for (const name of MANIFESTS) {
    const found = await store.manifests.find(repository, digestOf(name));
    expect([name, found !== undefined]).toEqual([name, model.manifests.has(name)]);
  }
  for (const name of TAGS) {
    const target = model.tags.get(name);
    const digest = target === undefined ? undefined : digestOf(target);
    expect(await store.tags.resolve(repository, Tag.parse(name))).toBe(digest);
  }
  for (const [name, leaseUntil] of model.links) {
    if (leaseUntil <= clock.now && !model.isReferenced(name)) continue;
    const stored = await store.blobs.find(repository, blobDigest(name));
    expect([name, stored !== undefined]).toEqual([name, true]);
    if (stored !== undefined) expect(await store.blobs.read(stored)).toEqual(Buffer.from(name));
  }
}

/** Rows and files are exactly what the manifests that are left need. */
async function checkAtRest(stages: readonly Stage[]): Promise<void> {
  const needed = new Set<string>();
  for (const { store, repository, model } of stages) {
    for (const name of BLOBS) {
      const stored = await store.blobs.find(repository, blobDigest(name));
      if (!model.isReferenced(name)) expect([name, stored]).toEqual([name, undefined]);
      if (stored !== undefined) needed.add(stored.file);
    }
  }
  const [{ store }] = stages as [Stage];
  const rows = await store.deps.database.read.selectFrom('blob').select('file').execute();
  expect(new Set(rows.map((row) => row.file))).toEqual(needed);
  const files: string[] = [];
  for await (const { file } of store.files.walk()) files.push(file);
  expect(files.sort()).toEqual([...needed].sort());
  expect(await store.deps.database.read.selectFrom('review').selectAll().execute()).toEqual([]);
}

async function playAll(
  steps: readonly { handle: number; repository: number; action: Step }[],
): Promise<void> {
  const directory = temporaryDirectory();
  const clock = { now: Date.now() };
  const handles = [
    await openContent(directory.path, clock),
    await openContent(directory.path, clock),
  ] as const;
  try {
    const models = REPOSITORIES.map(() => createContentModel(WORLD, LEASE));
    const stage = (handle: number, number: number): Stage => ({
      store: handle === 0 ? handles[0] : handles[1],
      repository: number === 0 ? REPOSITORIES[0] : REPOSITORIES[1],
      otherRepository: number === 0 ? REPOSITORIES[1] : REPOSITORIES[0],
      model: models[number] ?? createContentModel(WORLD, LEASE),
      allModels: models,
      clock,
    });
    for (const { handle, repository, action: next } of steps) {
      await play(stage(handle, repository), next);
      for (const number of [0, 1]) await check(stage(1 - handle, number));
    }
    // A lost index, its children and their referrers go one lease after another.
    for (let depth = 0; depth < 5; depth++) {
      clock.now += 2 * LEASE;
      await play(stage(0, 0), { kind: 'collect' });
    }
    for (const number of [0, 1]) await check(stage(1, number));
    await checkAtRest([stage(0, 0), stage(0, 1)]);
  } finally {
    for (const handle of handles) handle.close();
    directory.remove();
  }
}

test('keeps what was acknowledged and, at rest, nothing else (P8)', async () => {
  await fc.assert(
    fc.asyncProperty(fc.array(step, { minLength: 10, maxLength: 60, size: 'max' }), playAll),
    { numRuns: Number(process.env['PORTOLAN_PROPERTY_RUNS'] ?? 25) },
  );
}, 600_000);

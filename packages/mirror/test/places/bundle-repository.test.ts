import { readBundle } from '../../src/bundle/bundle-contents.ts';
import { createBundleWriter } from '../../src/bundle/bundle-writer.ts';
import { createBundleSink, createBundleSource } from '../../src/places/bundle-repository.ts';
import { BUSYBOX, makeBundle, temporaryDirectory, writerDeps } from '../bundle/bundle-fixture.ts';
import { describeSink, describeSource } from './place-contract.ts';

/** The samples' layers are some 70 kB, so this splits them. */
const SMALL = 20_000;

describeSource('a bundle', async (content) => (await makeBundle(content)).source());
describeSource('a bundle of split blobs', async (content) =>
  (await makeBundle(content, { maxFileSize: SMALL })).source(),
);

for (const [name, options] of [
  ['a bundle', {}],
  ['a bundle of split blobs', { maxFileSize: SMALL }],
] as const) {
  describeSink(name, async () => {
    const directory = await temporaryDirectory();
    const writer = await createBundleWriter(writerDeps(directory, options));
    const sink = createBundleSink(writer, { repository: BUSYBOX, source: 'a test' });
    const read = async () => {
      await writer.finish({ privateKey: undefined, keepsUnfinished: false });
      return createBundleSource(await readBundle(directory), BUSYBOX);
    };
    return { sink, read };
  });
}

// distribution-spec "Listing Referrers", and the fallback tags of clients that knew no referrers API
// ("Referrers Tag Schema", "Enabling the Referrers API").
import { expect } from 'vitest';
import {
  type Algorithm,
  type DescriptorJson,
  INDEX_TYPE,
  makeIndex,
  MANIFEST_TYPE,
  randomBlob,
} from '../support/image.ts';
import type { ConformanceCase } from './conformance-case.ts';
import { DATA_SETS } from './data-sets.ts';
import { pushDataSet } from './push-data-set.ts';
import type { Answer } from './registry-client.ts';
import { expectRefusal, manifestsOf, nextLink, type Repository } from './repository.ts';

const SECTION = 'Listing Referrers';
const SBOM = 'application/vnd.example.sbom.v1';
/** So many of 1.5 MB each are more than one index may hold. */
const LARGE = 5;

function expectIndex(answer: Answer): void {
  expect(answer.status, answer.body.toString()).toBe(200);
  expect(answer.headers.get('content-type')).toBe(INDEX_TYPE);
  expect(answer.json()).toMatchObject({ schemaVersion: 2, mediaType: INDEX_TYPE });
}

/** All pages, by the Link of each. */
async function listReferrers(
  repository: Repository,
  subject: string,
  query: Record<string, string> = {},
): Promise<DescriptorJson[]> {
  const found: DescriptorJson[] = [];
  let target: string | undefined = repository.referrers(subject);
  for (let first = true; target !== undefined; first = false) {
    const answer: Answer = await repository.request('GET', target, first ? { query } : {});
    expectIndex(answer);
    if (query['artifactType'] !== undefined) {
      expect(answer.headers.get('oci-filters-applied')).toBe('artifactType');
    }
    found.push(...manifestsOf(answer));
    target = nextLink(answer);
  }
  return found;
}

const byDigest = (a: DescriptorJson, b: DescriptorJson) => (a.digest < b.digest ? -1 : 1);

function expectSame(found: readonly DescriptorJson[], wanted: readonly DescriptorJson[]) {
  expect([...found].sort(byDigest)).toEqual([...wanted].sort(byDigest));
}

const dataSets: ConformanceCase[] = DATA_SETS.filter(
  ({ make }) => make().referrers.length > 0,
).flatMap(({ name, algorithm, make }) => [
  {
    section: SECTION,
    name: `lists ${name}, ${algorithm}`,
    async run(context) {
      const repository = await context.repository();
      const set = make();
      await pushDataSet(repository, set);
      for (const { subject, descriptors } of set.referrers) {
        expectSame(await listReferrers(repository, subject), descriptors);
      }
    },
  },
  {
    section: SECTION,
    name: `filters ${name} by artifact type, ${algorithm}`,
    async run(context) {
      const repository = await context.repository();
      const set = make();
      await pushDataSet(repository, set);
      for (const { subject, descriptors } of set.referrers) {
        for (const type of [SBOM, 'application/vnd.example.nothing']) {
          const wanted = descriptors.filter(({ artifactType }) => artifactType === type);
          expectSame(await listReferrers(repository, subject, { artifactType: type }), wanted);
        }
      }
    },
  },
]);

/** An index that is nobody's referrer by itself, and as the fallback tag's list describes it. */
function artifact() {
  const annotations = { 'org.example.id': randomBlob(4).digest };
  const { root } = makeIndex([], { fields: { artifactType: SBOM, annotations } });
  return { root, descriptor: { ...root.descriptor, artifactType: SBOM, annotations } };
}

function fallbackTag(digest: string): string {
  const [algorithm = '', encoded = ''] = digest.split(':');
  return `${algorithm.slice(0, 32)}-${encoded.slice(0, 64)}`;
}

function fallbackCases(algorithm: Algorithm): ConformanceCase[] {
  return [
    {
      section: 'Enabling the Referrers API',
      name: `lists what a fallback tag lists, ${algorithm}`,
      async run(context) {
        const repository = await context.repository();
        const subject = randomBlob(99, algorithm, MANIFEST_TYPE);
        const { root, descriptor } = artifact();
        await repository.pushManifest(root);
        const list = makeIndex([], { absent: [descriptor] }).root;
        await repository.pushManifest(list, fallbackTag(subject.digest));
        expectSame(await listReferrers(repository, subject.digest), [descriptor]);
        expectSame(
          await listReferrers(repository, subject.digest, { artifactType: 'application/other' }),
          [],
        );
      },
    },
    {
      section: 'Enabling the Referrers API',
      name: `lists once what both its subject and a fallback tag name, ${algorithm}`,
      async run(context) {
        const repository = await context.repository();
        const subject = randomBlob(99, algorithm, MANIFEST_TYPE);
        const fields = { artifactType: SBOM, subject: subject.descriptor };
        const { root } = makeIndex([], { fields });
        await repository.pushManifest(root);
        const descriptor = { ...root.descriptor, artifactType: SBOM };
        const list = makeIndex([], { absent: [descriptor] }).root;
        await repository.pushManifest(list, fallbackTag(subject.digest));
        expectSame(await listReferrers(repository, subject.digest), [descriptor]);
      },
    },
  ];
}

const others: ConformanceCase[] = [
  {
    section: SECTION,
    name: 'answers an empty index for a repository that is not there',
    async run(context) {
      const repository = await context.repository();
      expect(await listReferrers(repository, randomBlob(9).digest)).toEqual([]);
    },
  },
  {
    section: SECTION,
    name: 'answers an empty index for a digest that nothing refers to',
    async run(context) {
      const repository = await context.repository();
      const { root } = makeIndex([]);
      await repository.pushManifest(root);
      expect(await listReferrers(repository, root.digest)).toEqual([]);
    },
  },
  ...['sha256:baddigeststring', 'latest', `sha256:${'A'.repeat(64)}`].map(
    (digest): ConformanceCase => ({
      section: SECTION,
      name: `refuses the malformed digest \`${digest.slice(0, 24)}\``,
      async run(context) {
        const repository = await context.repository();
        const answer = await repository.request('GET', repository.referrers(digest));
        expectRefusal(answer, 400, 'DIGEST_INVALID');
      },
    }),
  ),
  {
    section: SECTION,
    name: 'gives long lists by pages with Link, each referrer once',
    async run(context) {
      const repository = await context.repository();
      const subject = makeIndex([], { fields: { annotations: { a: 'subject' } } }).root;
      const wanted: DescriptorJson[] = [];
      for (let i = 0; i < LARGE; i++) {
        const annotations = { 'org.example.large': String(i).repeat(1_500_000) };
        const fields = { artifactType: SBOM, annotations, subject: subject.descriptor };
        const { root } = makeIndex([], { fields });
        await repository.pushManifest(root);
        wanted.push({ ...root.descriptor, artifactType: SBOM, annotations });
      }
      const first = await repository.request('GET', repository.referrers(subject.digest));
      expect(nextLink(first)).toBeDefined();
      expectSame(await listReferrers(repository, subject.digest), wanted);
      const filter = { artifactType: SBOM };
      expectSame(await listReferrers(repository, subject.digest, filter), wanted);
    },
  },
  {
    section: SECTION,
    name: 'forgets a referrer that was deleted',
    async run(context) {
      const repository = await context.repository();
      const subject = randomBlob(99, 'sha256', MANIFEST_TYPE);
      const { root } = makeIndex([], { fields: { subject: subject.descriptor } });
      await repository.pushManifest(root);
      expect(await listReferrers(repository, subject.digest)).toHaveLength(1);
      const deleted = await repository.request('DELETE', repository.manifest(root.digest));
      expect(deleted.status).toBe(202);
      expect(await listReferrers(repository, subject.digest)).toEqual([]);
    },
  },
];

export const REFERRERS_CASES: readonly ConformanceCase[] = [
  ...dataSets,
  ...fallbackCases('sha256'),
  ...fallbackCases('sha512'),
  ...others,
];

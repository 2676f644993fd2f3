// Real registries as places: Debian's docker-registry, open and with a login, and Portolan itself.
import { RepositoryName } from '@portolan/oci';
import { afterAll, beforeAll, describe } from 'vitest';
import { describeWith } from '../../../../test/support/debian-package.ts';
import {
  type DebianRegistry,
  HTPASSWD_USER,
  startDebianRegistry,
} from '../../../../test/support/debian-registry.ts';
import { type Portolan, startPortolan } from '../../../../test/support/start-portolan.ts';
import { createRegistryClient, type RegistryClient } from '../../src/client/registry-client.ts';
import type { UpstreamCredentials } from '../../src/client/upstream-settings.ts';
import type { SinkRepository, SourceRepository } from '../../src/places/place.ts';
import { clientDeps } from '../fixtures/client-deps.ts';
import { describeSink, describeSource } from './place-contract.ts';
import { describeBytes, inParts, type SampleContent } from './sample-content.ts';

const signal = new AbortController().signal;

interface Where {
  readonly host: string;
  readonly credentials: UpstreamCredentials | undefined;
}

const clients: RegistryClient[] = [];
afterAll(async () => {
  await Promise.all(clients.map((client) => client.close()));
});

function connect({ host, credentials }: Where): RegistryClient {
  const client = createRegistryClient(
    clientDeps({ host, endpoint: `http://${host}`, credentials }),
  );
  clients.push(client);
  return client;
}

const FALLBACK_TAG = /^sha256-[0-9a-f]{64}$/;
let repositories = 0;

function freshRepository(where: Where): SourceRepository & SinkRepository {
  return connect(where).repository(RepositoryName.parse(`places/app-${++repositories}`));
}

async function filled(where: Where, content: SampleContent): Promise<SourceRepository> {
  const repository = freshRepository(where);
  for (const bytes of content.blobs) {
    const open = async (start: number) => inParts(bytes.subarray(start));
    await repository.putBlob(describeBytes(bytes), open, signal);
  }
  for (const manifest of content.manifests) {
    await repository.putManifest(manifest, manifest.tags, signal);
  }
  return {
    ...repository,
    // Where there is no referrers API, the list of referrers is a tag of its own.
    tags: async () => (await repository.tags(signal)).filter((tag) => !FALLBACK_TAG.test(tag)),
  };
}

function describePlaces(name: string, where: () => Where): void {
  describeSource(name, (content) => filled(where(), content));
  describeSink(
    name,
    async () => {
      const sink = freshRepository(where());
      return { sink, read: async () => sink };
    },
    // Over the wire registries want an index whole.
    { takesSparseIndexes: false, resumes: false },
  );
}

describeWith({ packages: ['docker-registry'] }, 'docker-registry', () => {
  let registry: DebianRegistry;
  beforeAll(async () => {
    registry = await startDebianRegistry();
  });
  afterAll(() => registry.stop());
  const where = () => ({ host: registry.host, credentials: undefined });
  describePlaces('docker-registry', where);
});

describeWith({ packages: ['docker-registry'] }, 'docker-registry with a login', () => {
  let registry: DebianRegistry;
  beforeAll(async () => {
    registry = await startDebianRegistry(undefined, { hasLogin: true });
  });
  afterAll(() => registry.stop());
  const { name: username, password } = HTPASSWD_USER;
  const where = (): Where => ({
    host: registry.host,
    credentials: { kind: 'basic', username, password },
  });
  describePlaces('docker-registry with a login', where);
});

describe('Portolan', () => {
  let portolan: Portolan;
  beforeAll(async () => {
    portolan = await startPortolan();
  });
  afterAll(async () => {
    await portolan.stop();
  });
  const where = (): Where => ({
    host: portolan.host,
    credentials: { kind: 'basic', username: 'admin', password: portolan.adminPassword },
  });
  describePlaces('Portolan', where);
});

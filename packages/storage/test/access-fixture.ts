// The access stores over a real database in a directory of its own, with a clock that stands still.
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { onTestFinished } from 'vitest';
import { createCredentialStore } from '../src/credentials/credential-store.ts';
import { createLoginFailureStore } from '../src/credentials/login-failure-store.ts';
import { openDatabase } from '../src/database/database.ts';
import { createGenerations } from '../src/database/generations.ts';
import { createMirrorRuleStore } from '../src/mirror-rules/mirror-rule-store.ts';
import { createMirrorTagStore } from '../src/mirror-rules/mirror-tag-store.ts';
import { createMirrorRunStore } from '../src/mirror-runs/mirror-run-store.ts';
import { createNamespaceStore } from '../src/namespaces/namespace-store.ts';
import { createSigningKeyStore } from '../src/signing-keys/signing-key-store.ts';
import { createStampStore } from '../src/stamps/stamp-store.ts';
import type { StoreDeps } from '../src/store-deps.ts';
import { createSubjectStore } from '../src/subjects/subject-store.ts';
import { createTeamStore } from '../src/teams/team-store.ts';
import { createUpstreamStore } from '../src/upstreams/upstream-store.ts';

export const ACTOR = 'cli:tester';

export async function openAccess() {
  const directory = await mkdtemp(path.join(tmpdir(), 'portolan-access-'));
  const database = await openDatabase(path.join(directory, 'portolan.db'));
  const time = { now: 1_700_000_000_000 };
  const deps: StoreDeps = {
    database,
    generations: createGenerations(database),
    clock: () => time.now,
    randomId: () => '0123456789abcdef0123456789abcdef',
    times: { leaseMs: 1000, uploadIdleMs: 1000, orphanFileMs: 1000 },
  };
  const credentials = createCredentialStore(deps);
  onTestFinished(async () => {
    await credentials.close();
    database.close();
    await rm(directory, { recursive: true });
  });
  const subjects = createSubjectStore(deps);
  return {
    time,
    database,
    generations: deps.generations,
    subjects,
    credentials,
    loginFailures: createLoginFailureStore(deps),
    teams: createTeamStore(deps),
    namespaces: createNamespaceStore(deps),
    signingKeys: createSigningKeyStore(deps),
    stamps: createStampStore(deps),
    upstreams: createUpstreamStore(deps),
    mirrorRules: createMirrorRuleStore(deps),
    mirrorTags: createMirrorTagStore(deps),
    mirrorRuns: createMirrorRunStore(deps),
    deps,
    addUser: (name: string, isAdmin = false) =>
      subjects.createUser({ name, isAdmin, passwordHash: `hash of ${name}'s password` }, ACTOR),
    auditActions: async () => {
      const rows = await database.read.selectFrom('audit').selectAll().orderBy('id').execute();
      return rows.map((row) => `${row.action} ${row.target}`);
    },
  };
}

export type AccessFixture = Awaited<ReturnType<typeof openAccess>>;

// Runs the conformance table against the real program, over HTTP alone. Every case has repositories
// of its own, so their order does not matter.
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { loggedErrors } from '../support/logged-errors.ts';
import { type Portolan, startPortolan } from '../support/start-portolan.ts';
import { CHALLENGE_CASES } from './challenge.cases.ts';
import type { ConformanceContext } from './conformance-case.ts';
import { CONTENT_DISCOVERY_CASES } from './content-discovery.cases.ts';
import { CONTENT_MANAGEMENT_CASES } from './content-management.cases.ts';
import { MOUNT_CASES } from './mount.cases.ts';
import { PULL_CASES } from './pull.cases.ts';
import { PUSH_CASES } from './push.cases.ts';
import { PUSH_MANIFEST_CASES } from './push-manifest.cases.ts';
import { REFERRERS_CASES } from './referrers.cases.ts';
import { createSession, openSession, type Session } from './registry-client.ts';
import { createRepository } from './repository.ts';

const WORKFLOWS = {
  Authorization: CHALLENGE_CASES,
  Pull: PULL_CASES,
  Push: [...PUSH_CASES, ...MOUNT_CASES, ...PUSH_MANIFEST_CASES],
  'Content Discovery': [...CONTENT_DISCOVERY_CASES, ...REFERRERS_CASES],
  'Content Management': CONTENT_MANAGEMENT_CASES,
};

async function mustRun(portolan: Portolan, ...args: string[]): Promise<void> {
  const { code, stdout, stderr } = await portolan.cli(...args);
  expect(code, `portolan ${args.join(' ')}\n${stdout}${stderr}`).toBe(0);
}

function createContext(portolan: Portolan): ConformanceContext {
  let made = 0;
  const session = (scopes: readonly string[]): Promise<Session> =>
    openSession(portolan.url, scopes, { name: 'admin', password: portolan.adminPassword });
  return {
    url: portolan.url,
    anonymous: createSession(portolan.url, undefined),
    session,
    async repository({ allowsSparse = false, path } = {}) {
      const namespace = allowsSparse ? 'sparse' : 'conformance';
      const name = [namespace, `case-${++made}`, path].filter(Boolean).join('/');
      const scope = `repository:${name}:pull,push,delete`;
      return createRepository(name, await session([scope]));
    },
    reopen: async ({ name }, scopes) => createRepository(name, await session(scopes)),
  };
}

let portolan: Portolan;
let context: ConformanceContext;

beforeAll(async () => {
  // Two workers, so that the requests of one case meet different processes.
  portolan = await startPortolan({ workers: 2 });
  await mustRun(portolan, 'team', 'create', 'conformers');
  for (const namespace of ['conformance', 'sparse']) {
    await mustRun(portolan, 'namespace', 'create', namespace, '--team', 'conformers');
  }
  await mustRun(portolan, 'namespace', 'set', 'sparse', '--sparse-indexes');
  context = createContext(portolan);
});

afterAll(async () => {
  await portolan?.stop();
  expect(loggedErrors(portolan?.logs() ?? '')).toEqual([]);
});

describe.each(Object.entries(WORKFLOWS))('conformance: %s', (_workflow, cases) => {
  it.each(cases.map((row) => [row.section, row.name, row] as const))('%s: %s', (_s, _n, row) =>
    row.run(context),
  );
});

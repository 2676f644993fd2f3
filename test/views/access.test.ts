// The access matrix of views: every kind of subject × every visibility × every shape has the rights that
// it has under the canonical name, of which only the pull is left; and what it may not see looks like
// what does not exist.
import type { Visibility } from '@portolan/oci';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import {
  HAS_TOKEN,
  RIGHTS,
  type SubjectKind,
  SUBJECTS,
  VISIBILITIES,
} from '../access/reference-model.ts';
import { pushContent, startWorld, type World } from '../access/world.ts';
import { makeImage } from '../support/image.ts';
import { basic, requestToken } from '../support/request-token.ts';
import { type ClientAnswer, createSend, type Send } from './http-client.ts';

const image = makeImage();
let world: World;
let send: Send;

const registryOf = (visibility: Visibility): string => `${visibility}.example`;

async function run(...args: string[]): Promise<void> {
  const { code, stderr } = await world.portolan.cli(...args);
  expect(code, stderr).toBe(0);
}

beforeAll(async () => {
  world = await startWorld();
  send = createSend(world.portolan.port);
  for (const visibility of VISIBILITIES) {
    const name = registryOf(visibility);
    await run('namespace', 'create', name, '--team', 'crew', '--visibility', visibility);
    await pushContent(await world.administrator(`${name}/app`), image);
  }
});

afterAll(() => world?.portolan.stop());

/** A personal owner is nobody here, as a stranger is. */
const PEOPLE = SUBJECTS.filter((subject) => subject !== 'personal owner');

async function tokenOf(
  subject: SubjectKind,
  visibility: Visibility,
  name: string,
): Promise<string | undefined> {
  if (!HAS_TOKEN[subject]) return undefined;
  const isElsewhere = subject === 'owner with a token for elsewhere';
  const scope = `repository:${name}${isElsewhere ? '-else' : ''}:pull,push,delete`;
  return requestToken(world.portolan.url, [scope], world.userOf(subject, visibility));
}

interface Shape {
  readonly before: string;
  readonly query: string;
  readonly host: string;
}

/** As `public_url` has it when nobody sets it. */
function ownHost(): string {
  return `localhost:${world.portolan.port}`;
}

function shapesOf(name: string): readonly Shape[] {
  const own = ownHost();
  return [
    { before: '/v2', query: `?ns=${name}`, host: own },
    { before: `/v2/${name}`, query: `?ns=${name}`, host: own },
    { before: `/${name}/v2`, query: '', host: own },
    { before: '/v2', query: '', host: `${name.replace('.', '-')}.${own}` },
    { before: '/v2', query: '', host: name },
  ];
}

interface Ask {
  readonly method: string;
  readonly rest: string;
  readonly token: string | undefined;
}

async function askAll(registry: string, { method, rest, token }: Ask): Promise<ClientAnswer[]> {
  const headers = token === undefined ? {} : { authorization: `Bearer ${token}` };
  return Promise.all(
    shapesOf(registry).map(({ before, query, host }) =>
      send({ host, method, target: `${before}${rest}${query}`, headers }),
    ),
  );
}

function expectAll(answers: readonly ClientAnswer[], status: number): void {
  expect(answers.map((answer) => answer.status)).toEqual(answers.map(() => status));
}

const READS = [
  '/manifests/latest',
  '/tags/list',
  `/manifests/${image.root.digest}`,
  `/blobs/${image.blobs[0]?.digest}`,
  `/referrers/${image.root.digest}`,
];

describe.each(PEOPLE)('%s', (subject) => {
  it.each(VISIBILITIES)(
    'may pull from a %s view as under the canonical name',
    async (visibility) => {
      const registry = registryOf(visibility);
      const token = await tokenOf(subject, visibility, `${registry}/app`);
      const expected = RIGHTS[subject][visibility].includes('pull') ? 200 : 401;
      for (const rest of READS) {
        expectAll(await askAll(registry, { method: 'GET', rest: `/app${rest}`, token }), expected);
      }
    },
  );

  it.each(VISIBILITIES)('may do nothing else to a %s view', async (visibility) => {
    const registry = registryOf(visibility);
    const token = await tokenOf(subject, visibility, `${registry}/app`);
    for (const method of ['POST', 'PUT', 'PATCH', 'DELETE']) {
      const rest = method === 'POST' ? '/app/blobs/uploads/' : '/app/manifests/latest';
      expectAll(await askAll(registry, { method, rest, token }), 405);
    }
  });
});

const VARYING = new Set(['date', 'x-request-id']);

/** All that a client can see, but for what differs anyway, and for the name. */
function visibleParts({ status, headers, body }: ClientAnswer, name: string) {
  const anonymous = (text: string) => text.replaceAll(name, '<name>');
  const id = String(headers['x-request-id']);
  const kept = Object.entries(headers).filter(([header]) => !VARYING.has(header));
  return {
    status,
    headers: kept.map(([header, value]) => `${header}: ${anonymous(String(value))}`),
    body: anonymous(body.toString().replaceAll(id, '<id>')),
  };
}

const BLIND = ['no token', 'anonymous', 'stranger', 'owner with a token for elsewhere'] as const;

describe.each(BLIND)('to %s', (subject) => {
  it('a private repository of a view looks like one that is not there', async () => {
    const registry = registryOf('private');
    for (const rest of READS) {
      const [forbidden, absent] = await Promise.all(
        ['app', 'nop'].map(async (name) => {
          const token = await tokenOf(subject, 'private', `${registry}/${name}`);
          const answers = await askAll(registry, { method: 'GET', rest: `/${name}${rest}`, token });
          return answers.map((answer) => visibleParts(answer, `/${name}`));
        }),
      );
      expect(forbidden).toEqual(absent);
    }
  });
});

async function tokenThrough(registry: string, subject: SubjectKind): Promise<string> {
  const user = world.userOf(subject, 'private');
  const query = new URLSearchParams({ ns: registry, service: world.service });
  query.append('scope', 'repository:app:pull,push,delete');
  const headers = user === 'anonymous' ? {} : { authorization: basic(user) };
  const answer = await send({ host: registry, target: `/token?${query.toString()}`, headers });
  expect(answer.status).toBe(200);
  return (JSON.parse(answer.body.toString()) as { token: string }).token;
}

const ASKING = PEOPLE.filter((subject) => subject !== 'owner with a token for elsewhere');

describe.each(ASKING)('a token that %s asks for through a view', (subject) => {
  it.each(VISIBILITIES)('opens a %s one when the canonical one would', async (visibility) => {
    const registry = registryOf(visibility);
    const token = await tokenThrough(registry, subject);
    // Who has no token or is disabled gets an anonymous one.
    const asWhom = HAS_TOKEN[subject] ? subject : 'anonymous';
    const expected = RIGHTS[asWhom][visibility].includes('pull') ? 200 : 401;
    expectAll(await askAll(registry, { method: 'GET', rest: '/app/tags/list', token }), expected);
    const target = `/v2/${registry}/app/manifests/latest`;
    const headers = { authorization: `Bearer ${token}` };
    const answer = await send({ host: ownHost(), method: 'DELETE', target, headers });
    expect(answer.status).toBe(401);
  });
});

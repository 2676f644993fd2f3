// Plays a recorded pull against a server: the challenge, the token calls, and the image from its tag down
// to its last layer, as the engine would.
import { expect } from 'vitest';
import { type Content, digestOf, type Image } from '../support/image.ts';
import { basic } from '../support/request-token.ts';
import type { ClientAnswer, Send } from './http-client.ts';
import type { RecordedPull } from './recorded-requests.ts';

export interface Login {
  readonly name: string;
  readonly password: string;
}

interface Challenge {
  readonly realm: URL;
  readonly service: string;
  readonly scope: string | undefined;
}

export interface PullDeps {
  readonly send: Send;
  readonly tag: string;
  readonly login: Login | undefined;
}

/** Of a blob that comes in parts. */
const PART = 40;

function fill(target: string, reference: string): string {
  return target.replace('<reference>', reference).replace('<digest>', reference);
}

function readChallenge(answer: ClientAnswer): Challenge {
  const text = answer.headers['www-authenticate'] ?? '';
  const field = (name: string) => new RegExp(`${name}="([^"]*)"`).exec(text)?.[1];
  const realm = new URL(field('realm') ?? '');
  expect(realm.href).toMatch(/^https:\/\/registry\.lan\/token/);
  return { realm, service: field('service') ?? '', scope: field('scope') };
}

function createTokenCalls(pull: RecordedPull, { send, login }: PullDeps) {
  function scopesOf(challenge: Challenge): string[] {
    const scopes = pull.token.scopes.map((one) => (one === 'challenge' ? challenge.scope : one));
    return scopes.filter((one) => one !== undefined);
  }

  async function postForm(challenge: Challenge, { name, password }: Login) {
    const form = new URLSearchParams({
      grant_type: 'password',
      service: challenge.service,
      client_id: 'containerd-client',
      username: name,
      password,
      scope: scopesOf(challenge).join(' '),
    });
    const headers = { 'content-type': 'application/x-www-form-urlencoded' };
    const target = `${challenge.realm.pathname}${challenge.realm.search}`;
    return send({ host: 'registry.lan', method: 'POST', target, headers, body: form.toString() });
  }

  async function get({ realm, service, scope }: Challenge) {
    const query = new URLSearchParams(realm.search);
    query.set('service', service);
    for (const one of scopesOf({ realm, service, scope })) query.append('scope', one);
    if (pull.token.sendsAccount === true && login !== undefined) query.set('account', login.name);
    const headers = login === undefined ? {} : { authorization: basic(login) };
    const target = `${realm.pathname}?${query.toString()}`;
    return send({ host: 'registry.lan', target, headers });
  }

  /** Never refused: at a 401 here the engine goes to the upstream, and says nothing. */
  return async (challenge: Challenge): Promise<string> => {
    const isForm = pull.token.method === 'POST then GET' && login !== undefined;
    const answer = await (isForm ? postForm(challenge, login) : get(challenge));
    expect(answer.status, String(answer.body)).toBe(200);
    return (JSON.parse(String(answer.body)) as { token: string }).token;
  };
}

function expectContent(answer: ClientAnswer, { bytes, digest }: Content, view: string | undefined) {
  expect(answer.status, String(answer.body)).toBe(200);
  expect(answer.headers['docker-content-digest']).toBe(digest);
  expect(answer.headers['content-length']).toBe(String(bytes.length));
  expect(answer.headers['content-encoding']).toBeUndefined();
  expect(answer.headers['oci-namespace']).toBe(view);
}

/** What comes once there is a token; each part of the image is compared with what was pushed. */
function createContentPulls(pull: RecordedPull, { send, tag }: PullDeps, authorization: string) {
  const { host, view } = pull;
  const headers = { authorization };

  async function pullParts(target: string, bytes: Buffer): Promise<void> {
    const starts = Array.from({ length: Math.ceil(bytes.length / PART) }, (_, i) => i * PART);
    const parts = await Promise.all(
      starts.map((start) => {
        const range = `bytes=${start}-${start + PART - 1}`;
        return send({ host, target, headers: { ...headers, range } });
      }),
    );
    for (const part of parts) expect(part.status).toBe(206);
    expect(Buffer.concat(parts.map(({ body }) => body)).equals(bytes)).toBe(true);
  }

  async function pullContent(target: string, content: Content): Promise<void> {
    const answer = await send({ host, target, headers });
    expectContent(answer, content, view);
    expect(answer.body.equals(content.bytes)).toBe(true);
  }

  return {
    async root({ root }: Image): Promise<void> {
      for (const method of pull.methods) {
        const answer = await send({ host, method, target: fill(pull.manifest, tag), headers });
        expectContent(answer, root, view);
        if (method === 'GET') expect(digestOf(answer.body)).toBe(root.digest);
      }
    },
    manifest: (manifest: Content) => pullContent(fill(pull.manifest, manifest.digest), manifest),
    async blob(blob: Content): Promise<void> {
      const target = fill(pull.blob, blob.digest);
      if (pull.hasRanges === true) await pullParts(target, blob.bytes);
      await pullContent(target, blob);
    },
  };
}

export function createPlayer(pull: RecordedPull, deps: PullDeps) {
  const { host } = pull;
  const { send, tag } = deps;
  const fetchToken = createTokenCalls(pull, deps);

  async function challengeFor(target: string): Promise<Challenge> {
    const method = pull.ping === undefined ? (pull.methods[0] ?? 'GET') : 'GET';
    const answer = await send({ host, method, target: pull.ping ?? target });
    expect(answer.status, String(answer.body)).toBe(401);
    expect(answer.headers['docker-distribution-api-version']).toBe('registry/2.0');
    return readChallenge(answer);
  }

  return {
    /** The answer to the first request for the manifest that comes with a token. */
    async begin(): Promise<ClientAnswer & { authorization: string }> {
      const target = fill(pull.manifest, tag);
      const challenge = await challengeFor(target);
      const tokens: string[] = [];
      for (let i = 0; i < pull.tokenCalls; i++) tokens.push(await fetchToken(challenge));
      const authorization = `Bearer ${tokens.at(-1)}`;
      const [method = 'GET'] = pull.methods;
      const answer = await send({ host, target, method, headers: { authorization } });
      return { ...answer, authorization };
    },

    async pullAll(image: Image, authorization: string): Promise<void> {
      const pulls = createContentPulls(pull, deps, authorization);
      await pulls.root(image);
      for (const manifest of image.manifests) await pulls.manifest(manifest);
      for (const blob of image.blobs) await pulls.blob(blob);
    },
  };
}

// Every engine's requests for an image under its upstream name, in every shape, against the whole server:
// open and closed mirrors, without a login, with the engine's login for the upstream, and with ours.
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type Image, makeImage, makeIndex } from '../support/image.ts';
import { loggedErrors } from '../support/logged-errors.ts';
import { createRegistryClient, pushImage } from '../support/registry-client.ts';
import { type Portolan, startPortolan } from '../support/start-portolan.ts';
import { createSend, type Send } from './http-client.ts';
import { createPlayer, type Login } from './play-pull.ts';
import { RECORDED_PULLS, type RecordedPull } from './recorded-requests.ts';

const UPSTREAM_LOGIN: Login = { name: 'hub-canary', password: 'hub-password-canary' };
const TAG = 'musl';
const image: Image = makeIndex([makeImage(), makeImage({ architecture: 'arm64' })]);

let portolan: Portolan;
let send: Send;
let ours: Login;

async function setVisibility(visibility: 'public' | 'private'): Promise<void> {
  for (const namespace of ['docker.io', 'quay.io']) {
    const args = ['namespace', 'set', namespace, '--visibility', visibility];
    expect((await portolan.cli(...args)).code).toBe(0);
  }
}

beforeAll(async () => {
  const env = { PORTOLAN_PUBLIC_URL: 'https://registry.lan', PORTOLAN_LOG_LEVEL: 'debug' };
  portolan = await startPortolan({ workers: 2, env });
  send = createSend(portolan.port);
  ours = { name: 'admin', password: portolan.adminPassword };
  for (const name of new Set(RECORDED_PULLS.map(({ repository }) => repository))) {
    const token = await portolan.token([`repository:${name}:pull,push`]);
    await pushImage(createRegistryClient(portolan.url, token), name, image, TAG);
  }
});

afterAll(async () => {
  await portolan?.stop();
  const logs = portolan?.logs() ?? '';
  expect(loggedErrors(logs)).toEqual([]);
  expect(logs).not.toContain('canary');
});

const rows = RECORDED_PULLS.map((pull) => [`${pull.engine}, ${pull.configuration}`, pull] as const);

/** What the engine has, as long as it has none of ours. */
function foreignLogins(pull: RecordedPull): (Login | undefined)[] {
  return pull.sendsUpstreamLogin ? [undefined, UPSTREAM_LOGIN] : [undefined];
}

function play(pull: RecordedPull, login: Login | undefined) {
  return createPlayer(pull, { send, tag: TAG, login });
}

describe('an open mirror', () => {
  beforeAll(() => setVisibility('public'));

  it.each(rows)('is pulled by %s', async (_title, pull) => {
    for (const login of [...foreignLogins(pull), ours]) {
      const player = play(pull, login);
      const { status, authorization } = await player.begin();
      expect(status).toBe(200);
      await player.pullAll(image, authorization);
    }
  });
});

describe('a closed mirror', () => {
  beforeAll(() => setVisibility('private'));

  it.each(rows)('is pulled with a login of ours by %s', async (_title, pull) => {
    const player = play(pull, ours);
    const { status, authorization } = await player.begin();
    expect(status).toBe(200);
    await player.pullAll(image, authorization);
  });

  it.each(rows)('is refused, whatever else it sends, to %s', async (_title, pull) => {
    for (const login of foreignLogins(pull)) {
      const answer = await play(pull, login).begin();
      expect(answer.status).toBe(401);
      expect(answer.headers['oci-namespace']).toBe(pull.view);
    }
  });

  it('has slowed down nobody', async () => {
    const scopes = ['repository:docker.io/library/busybox:pull'];
    // A login that is slowed down is no token at all.
    await expect(portolan.token(scopes)).resolves.toMatch(/^[\w-]+(?:\.[\w-]+){2}$/);
  });
});

function unmirrored(text: string): string {
  return text.replaceAll(/docker\.io|quay\.io/g, 'ghcr.io').replaceAll('docker-io', 'ghcr-io');
}

/** The same engine, asked for an image of a registry that is not mirrored. */
function elsewhere({ host, manifest }: RecordedPull): Pick<RecordedPull, 'host' | 'manifest'> {
  const isOurs = host.endsWith('registry.lan');
  return { host: isOurs ? unmirrored(host) : 'ghcr.io', manifest: unmirrored(manifest) };
}

describe('a registry that is not mirrored', () => {
  it.each(rows)('gives nothing to %s', async (_title, pull) => {
    const { host, manifest } = elsewhere(pull);
    const target = manifest.replace('<reference>', TAG);
    const answer = await send({ host, target });
    // Where only the canonical name says so, it is a repository like any other that one may not see.
    const isNamed = pull.view !== undefined && host !== 'ghcr.io';
    expect(answer.status).toBe(isNamed ? 404 : 401);
    if (isNamed) expect(String(answer.body)).toContain('NAME_UNKNOWN');
  });
});

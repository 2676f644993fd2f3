// What a proxy in front of the server does to requests. It needs no login: what is sent here is refused by the
// server itself, and the question is when, and by whom.
import { accountFailureKey, sourceOf } from '@portolan/auth';
import { virtualHostOf } from '@portolan/clients';
import { type Check, fail, type Finding, ok, onServer, skipped, warn } from '../check.ts';
import { basicHeader } from '../../connection/registry-login.ts';
import { formatBytes } from '../../terminal/format-bytes.ts';
import type { Server } from '../server.ts';
import { getChallenge } from '../tokens.ts';
import { hostOf } from '../virtual-hosts.ts';

const MIB = 1024 * 1024;
const FIRST_PART = Buffer.alloc(64 * 1024, 'portolan doctor ');
const WAIT_MS = 2000;
/** Larger than what proxies that limit bodies are set to; smaller layers would not be enough for anybody. */
const SIZES = [2 * MIB, 100 * MIB, 1024 * MIB, 20 * 1024 * MIB] as const;

/** The status of an upload of so many bytes to an upload that is not there, of which a part is sent. */
async function beginBody({ connection }: Server, bytes: number): Promise<number | undefined> {
  return await connection.sendPart(
    {
      method: 'PATCH',
      url: '/v2/portolan-doctor/none/blobs/uploads/none',
      headers: { 'content-type': 'application/octet-stream', 'content-length': bytes },
      body: FIRST_PART,
    },
    WAIT_MS,
  );
}

export const bodyLimit: Check = onServer({
  name: 'body-limit',
  topic: 'proxy',
  after: ['tcp', 'tls'],
  async run(server) {
    const answers = await Promise.all(
      SIZES.map((size) => beginBody(server, size).catch(() => undefined)),
    );
    const index = answers.indexOf(413);
    const size = SIZES[index];
    if (size === undefined) return ok(`none up to ${formatBytes(SIZES[SIZES.length - 1] ?? 0)}`);
    const finding = {
      remedy: 'nginx: `client_max_body_size 0;`; HAProxy and Caddy have no limit of their own',
    };
    const summary = `a body of ${formatBytes(size)} is refused with 413`;
    if (index < SIZES.length - 1) {
      return fail(summary, {
        meaning: 'layers are larger: their push ends with 413 Request Entity Too Large',
        ...finding,
      });
    }
    return warn(summary, {
      meaning: 'there is a limit, and some day a layer is larger',
      ...finding,
    });
  },
});

export const streaming: Check = onServer({
  name: 'streaming',
  topic: 'proxy',
  after: ['tcp', 'tls'],
  async run(server) {
    const status = await beginBody(server, 2 * MIB - 1);
    // Its own limit is another matter.
    if (status === 413) return skipped('the proxy refuses the body before that');
    if (status !== undefined) return ok('bodies reach the server as they come');
    return fail('the server hears of a request when its body has ended', {
      meaning:
        'a proxy keeps each layer on its own disk first: pushes take twice as long, and end with EOF or 504 when that is full or slow',
      remedy: 'nginx: `proxy_request_buffering off;`; HAProxy: no `option http-buffer-request`',
    });
  },
});

export const host: Check = onServer({
  name: 'host',
  topic: 'proxy',
  after: ['tcp', 'tls'],
  async run({ views, connection, address }) {
    const [view] = views ?? [];
    if (view === undefined) {
      return skipped('no mirrored registry is known here, whose name would tell');
    }
    const name = virtualHostOf(address, view);
    if (name === undefined) return skipped('there are no names below an address');
    const answer = await connection.send({ url: '/v2/', host: name }).catch(() => undefined);
    if (answer === undefined) return skipped(`${name} cannot be asked: see virtual-host-tls`);
    const challenge = answer.headers.get('www-authenticate') ?? '';
    if (challenge.includes(`ns=${view}`)) return ok(`${name} is seen as ${view}`);
    return fail(`${name} is not seen as ${view}`, {
      meaning:
        'a proxy puts another Host into the request, so engines that mirror by host name get 404 or 421',
      remedy: `send Host on as it came (nginx: \`proxy_set_header Host $http_host;\`), and let the proxy know *.${hostOf({ address })}`,
    });
  },
});

/** Where the server believes that we are, of the places where we might be. */
async function findSource(
  server: Server,
  candidates: readonly string[],
): Promise<string | undefined> {
  const { connection, randomId, failures } = server;
  const name = `doctor-${randomId().slice(0, 16)}`;
  const keys = new Map(candidates.map((address) => [accountFailureKey(name, address), address]));
  const challenge = await getChallenge(server);
  if (typeof challenge === 'string') return undefined;
  const url = new URL(challenge.realm);
  url.searchParams.set('service', challenge.service);
  await connection.send({
    url: url.href,
    headers: basicHeader({ username: name, password: randomId() }),
  });
  const [counted] = (await failures?.counted([...keys.keys()])) ?? [];
  await failures?.clear([...keys.keys()]);
  return counted === undefined ? undefined : keys.get(counted);
}

const REMEDY =
  'set X-Forwarded-For at the proxy, and connect it by a unix socket or list it in trusted_proxies';

/** @param own our address, as the server should see it */
export function judgeSource(source: string | undefined, own: string): Finding {
  if (source === own) return ok(`the server sees clients as ${own}`);
  if (source !== undefined) {
    return fail(`the server sees ${source} in place of ${own}`, {
      meaning:
        'after some wrong passwords of one client nobody behind the proxy can log in for a while',
      remedy: REMEDY,
    });
  }
  return warn('the server does not know where clients come from', {
    meaning:
      'it is another address than ours, or none: failed logins are slowed down for all together, or not at all',
    remedy: REMEDY,
  });
}

export const forwardedFor: Check = onServer({
  name: 'forwarded-for',
  topic: 'proxy',
  after: ['tcp', 'tls', 'token'],
  async run(server) {
    if (server.failures === undefined) {
      return skipped('it shows in the data directory of the server alone');
    }
    const { localAddress } = await server.connection.send({ url: '/livez' });
    const own = sourceOf(localAddress);
    if (own === undefined) return skipped('our own address is not known');
    return judgeSource(await findSource(server, [own, '127.0.0.1', '0:0:0:0::/64']), own);
  },
});

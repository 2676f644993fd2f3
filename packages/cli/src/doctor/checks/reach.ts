// Whether the port is open, port 80 leads to it, and both clocks say the same.
import { reasonOf } from '@portolan/oci';
import { connect } from 'node:net';
import { bareHost } from '../../connection/server-trust.ts';
import { type Check, fail, type Finding, ok, onServer, skipped, warn } from '../check.ts';
import { clockGap, describeGap, LEEWAY_MS, SECOND_MS } from '../clock-gap.ts';
import type { Server } from '../server.ts';

const WITHIN_MS = 3000;
const NOTED_MS = 10 * SECOND_MS;

async function tryConnect(host: string, port: number): Promise<void> {
  const socket = connect({ host, port, signal: AbortSignal.timeout(WITHIN_MS) });
  try {
    await new Promise((resolve, reject) => socket.once('connect', resolve).once('error', reject));
  } finally {
    socket.destroy();
  }
}

export const tcp: Check = onServer({
  name: 'tcp',
  topic: 'network',
  after: ['dns'],
  async run({ address }) {
    const to = new URL(address.origin);
    const number = Number(to.port || (to.protocol === 'https:' ? 443 : 80));
    try {
      await tryConnect(bareHost(to), number);
      return ok(`port ${number} is open`);
    } catch (error) {
      const { code } = error as NodeJS.ErrnoException;
      const meaning =
        code === 'ECONNREFUSED'
          ? 'nobody listens there: the server or the proxy is not running, or listens elsewhere'
          : 'packets get lost on the way: a firewall, or a wrong address';
      const remedy = `on that machine, \`ss -ltnp 'sport = :${number}'\` shows who listens; open port ${number} in the firewall`;
      return fail(`port ${number}: ${code ?? reasonOf(error)}`, { meaning, remedy });
    }
  },
});

/** Where a plain address leads to; undefined where it answers itself. */
export async function findSecureOrigin({
  address,
  connection,
}: Pick<Server, 'address' | 'connection'>): Promise<string | undefined> {
  if (!address.origin.startsWith('http:')) return undefined;
  const { status, headers } = await connection.send({ url: '/v2/' });
  const to = URL.parse(headers.get('location') ?? '');
  return status >= 300 && status < 400 && to?.protocol === 'https:' ? to.origin : undefined;
}

export function judgeRedirect(origin: string, status: number, to: string): Finding {
  if (status === 308 && to === `${origin}/v2/`) return ok('308 to https');
  const summary = `port 80 answers ${status} to ${to}`;
  if (status !== 308) {
    return warn(summary, {
      meaning:
        'after 301 and 302 clients send GET in place of PUT, and a push ends with 404 or 405',
      remedy: `answer 308 to ${origin} with the same path, as deploy/ does, or listen on redirect://0.0.0.0:80`,
    });
  }
  return warn(summary, {
    meaning: 'there the path is of another repository, or of none',
    remedy:
      'let port 80 lead to the name that was asked for, as deploy/ does; redirect://0.0.0.0:80 does so for public_url and for mirrored registries',
  });
}

export const redirect: Check = onServer({
  name: 'redirect',
  topic: 'network',
  after: ['dns'],
  async run({ address, connection }) {
    const { protocol, port, hostname } = new URL(address.origin);
    if (protocol !== 'https:' || port !== '') return skipped('it is for https on port 443 alone');
    const answer = await connection.send({ url: `http://${hostname}/v2/` }).catch(() => undefined);
    if (answer === undefined) return ok('port 80 is closed');
    const to = answer.headers.get('location') ?? '';
    const { status } = answer;
    if (status >= 300 && status < 400) return judgeRedirect(address.origin, status, to);
    return warn(`port 80 answers ${status} itself`, {
      meaning: 'passwords can go over the network in plain text',
      remedy: 'answer nothing but 308 to https there: listen on redirect://0.0.0.0:80',
    });
  },
});

export const clock: Check = onServer({
  name: 'clock',
  topic: 'network',
  after: ['tcp', 'tls'],
  async run({ connection, clock: now }) {
    const sentAt = now();
    const answer = await connection.send({ url: '/v2/' });
    const gap = clockGap(answer, { from: sentAt, to: now() });
    if (gap === undefined) return skipped('the server tells no time');
    const off = Math.abs(gap);
    const summary = describeGap(gap);
    const remedy = 'let both machines follow a time server: `timedatectl set-ntp true`';
    if (off > LEEWAY_MS) {
      const meaning =
        'tokens and certificates are not valid yet, or not any more, for one of the two';
      return fail(summary, { meaning, remedy });
    }
    if (off > NOTED_MS) return warn(summary, { meaning: 'beyond 60 s tokens are refused', remedy });
    return ok(summary);
  },
});

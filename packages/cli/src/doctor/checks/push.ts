// Pushes a tiny image into a repository of its own, pulls it in the ways in which engines do, and takes it
// away again, also when something went wrong in between.
import { OCI_MANIFEST } from '@portolan/oci';
import { setTimeout as delay } from 'node:timers/promises';
import { type Check, fail, type Finding, ok, onServer, skipped, warn } from '../check.ts';
import {
  openScratch,
  pushImage,
  Refused,
  removeImage,
  type Scratch,
  TAG,
} from '../scratch-repository.ts';
import { clockGap, describeGap, LEEWAY_MS } from '../clock-gap.ts';
import type { Server } from '../server.ts';

/** Of the five seconds that a check may take. */
const WORK_MS = 3500;
const RANGE = { from: 1000, to: 1999 } as const;

function named(name: string, finding: Finding): Finding {
  return { ...finding, name };
}

function judgeLocation({ server }: Scratch, location: string): Finding {
  const { origin } = server.address;
  if (location.startsWith('/')) return ok('relative');
  if (URL.parse(location)?.origin === origin) return ok(`on ${origin}`);
  return fail(`uploads are sent on to ${location.slice(0, 120)}`, {
    meaning: 'a proxy rewrites Location, so pushes go to a wrong address, or out of TLS',
    remedy:
      'nginx: `proxy_redirect off;`; leave Location as it comes, Portolan sends it without a host',
  });
}

async function pull({ send, repository, image }: Scratch): Promise<Finding[]> {
  // As browsers and some clients ask: nothing of it may be done.
  const headers = { 'accept-encoding': 'gzip' };
  const manifest = await send({
    url: `/v2/${repository}/manifests/${TAG}`,
    headers: { ...headers, accept: OCI_MANIFEST },
  });
  const layer = await send({ url: `/v2/${repository}/blobs/${image.layer.digest}`, headers });
  const encoding =
    layer.headers.get('content-encoding') ?? manifest.headers.get('content-encoding');
  if (encoding !== undefined) {
    return [
      named(
        'encoding',
        fail(`blobs come with Content-Encoding ${encoding}`, {
          meaning:
            'a proxy compresses them: lengths and digests are of other bytes, and pulls fail or cannot be resumed',
          remedy:
            'nginx: `gzip off;`; HAProxy: no `compression` for this backend; Caddy: no `encode`',
        }),
      ),
    ];
  }
  const isSame = manifest.body.equals(image.manifest.bytes) && layer.body.equals(image.layer.bytes);
  const pulled = isSame
    ? ok('the same bytes')
    : fail(`other bytes than were pushed (${manifest.status}, ${layer.status})`, {
        meaning: 'something on the way changes or caches bodies',
        remedy: 'let the proxy pass answers on as they are, without a cache',
      });
  return [named('pull', pulled), named('encoding', ok('none'))];
}

async function judgeHead({ send, repository, image }: Scratch): Promise<Finding> {
  const { headers } = await send({
    method: 'HEAD',
    url: `/v2/${repository}/blobs/${image.layer.digest}`,
  });
  const length = headers.get('content-length');
  if (Number(length) === image.layer.bytes.length) return named('head', ok('with Content-Length'));
  return named(
    'head',
    fail(`HEAD has ${length === undefined ? 'no Content-Length' : `Content-Length ${length}`}`, {
      meaning: 'containerd and others ask so how large a blob is, and fail',
      remedy: 'let HEAD through to the registry, and take no header away',
    }),
  );
}

async function judgeRange({ send, repository, image }: Scratch): Promise<Finding> {
  const { from, to } = RANGE;
  const url = `/v2/${repository}/blobs/${image.layer.digest}`;
  const { status, body } = await send({ url, headers: { range: `bytes=${from}-${to}` } });
  const isRight = status === 206 && body.equals(image.layer.bytes.subarray(from, to + 1));
  if (isRight) return named('range', ok('a part of a blob is what comes'));
  return named(
    'range',
    warn(`a range is answered with ${status} and ${body.length} bytes`, {
      meaning: 'a pull that was cut off begins anew',
      remedy: 'let Range through to the registry (nginx: no `proxy_set_header Range ""`, no cache)',
    }),
  );
}

async function cleanUp(scratch: Scratch): Promise<Finding> {
  const left = await removeImage(scratch);
  if (left.length === 0) return named('delete', ok('nothing is left of it'));
  return named(
    'delete',
    warn(`${scratch.repository} could not be removed (${left.join(', ')})`, {
      meaning:
        'this user may not delete there, or nobody may (policy.delete), or the proxy does not let DELETE through',
      remedy: 'let somebody who may delete it, or leave it: it has 1.3 MiB',
    }),
  );
}

function isDenied(error: unknown): error is Refused {
  return error instanceof Refused && [401, 403].includes(error.answer.status);
}

function explain(refused: Refused, server: Server): Finding {
  const { message, answer } = refused;
  if (answer.status === 413) {
    return fail(`${message} for a layer of 1.3 MiB`, {
      meaning: 'a proxy limits bodies: pushes end with 413 Request Entity Too Large',
      remedy: 'nginx: `client_max_body_size 0;`',
    });
  }
  if (!isDenied(refused)) {
    return fail(message, {
      meaning: 'a push does not get through',
      remedy: 'see the log of the server, and that of the proxy',
    });
  }
  if (server.signToken === undefined) {
    return fail(message, {
      meaning: 'the token does not allow it',
      remedy: 'give a namespace that the user may push to with --namespace',
    });
  }
  // Such a token has the time of this machine; one that the server issued has its own.
  const now = server.clock();
  const gap = clockGap(answer, { from: now, to: now }) ?? 0;
  if (Math.abs(gap) > LEEWAY_MS) {
    return skipped(`no token that is signed here is good there: ${describeGap(gap)}`);
  }
  return fail(`${message} to a token that was signed here`, {
    meaning: 'the server runs with another public_url, token.issuer or data directory than these',
    remedy: 'give the settings of the running server, or restart it with these',
  });
}

async function goThrough(scratch: Scratch, found: Finding[]): Promise<void> {
  const location = await pushImage(scratch);
  found.push(
    ok(`${scratch.repository}:${TAG}`),
    named('location', judgeLocation(scratch, location)),
  );
  found.push(...(await pull(scratch)), await judgeHead(scratch), await judgeRange(scratch));
}

/** Leaves time to clean up. */
async function goThroughInTime(scratch: Scratch, found: Finding[]): Promise<void> {
  const timer = new AbortController();
  const late = delay(WORK_MS, true, { signal: timer.signal });
  // Taken back below.
  late.catch(() => undefined);
  try {
    if ((await Promise.race([goThrough(scratch, found), late])) !== true) return;
    found.push(
      fail(`1.3 MiB were not pushed and pulled within ${WORK_MS / 1000} s`, {
        meaning: 'the line, the proxy or the disk of the server is very slow',
        remedy: 'see disk-speed on the machine of the server; try again from a machine beside it',
      }),
    );
  } finally {
    timer.abort();
  }
}

export const pushCheck: Check = onServer({
  name: 'push',
  topic: 'registry',
  after: ['token'],
  async run(server) {
    const scratch = await openScratch(server);
    if ('verdict' in scratch) return scratch;
    const found: Finding[] = [];
    try {
      await goThroughInTime(scratch, found);
    } catch (error) {
      // What did not get in need not be taken away.
      if (isDenied(error)) return explain(error, server);
      if (!(error instanceof Refused)) throw error;
      found.push(explain(error, server));
    }
    return [...found, await cleanUp(scratch)];
  },
});

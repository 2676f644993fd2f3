// Pushes a tiny image into a repository of its own, pulls it in the ways in which engines do, and takes it
// away again, also when something went wrong in between.
import { RepositoryName } from '@portolan/oci';
import { type Check, fail, type Finding, ok, onServer, skipped, warn } from '../check.ts';
import {
  makeScratchImage,
  MANIFEST_TYPE,
  type ScratchBlob,
  type ScratchImage,
} from '../scratch-image.ts';
import type { Server } from '../server.ts';
import type { ServerAnswer, ServerRequest } from '../server-connection.ts';
import { requestToken } from '../tokens.ts';

interface Scratch {
  readonly server: Server;
  readonly repository: string;
  readonly image: ScratchImage;
  readonly send: (request: ServerRequest) => Promise<ServerAnswer>;
}

const TAG = 'doctor';
const RANGE = { from: 1000, to: 1999 } as const;

/** Something was answered that should not have been. */
class Refused extends Error {
  readonly answer: ServerAnswer;

  constructor(what: string, answer: ServerAnswer) {
    super(`${what}: ${answer.status}`);
    this.answer = answer;
  }
}

function named(name: string, finding: Finding): Finding {
  return { ...finding, name };
}

async function open(server: Server): Promise<Scratch | Finding> {
  const { login, namespace, randomId, signToken } = server;
  if (namespace === undefined || (signToken === undefined && login === undefined)) {
    return skipped(
      'nobody has logged in: give --user NAME, or run it on the machine of the server as its user',
    );
  }
  const repository = RepositoryName.parse(`${namespace}/portolan-doctor-${randomId().slice(0, 8)}`);
  const token =
    signToken === undefined
      ? (await requestToken(server, { repository, login })).token
      : await signToken(repository);
  return {
    server,
    repository,
    image: makeScratchImage(randomId()),
    send: ({ headers, ...request }) =>
      server.connection.send({
        ...request,
        headers: { ...headers, authorization: `Bearer ${token}` },
      }),
  };
}

async function expect(
  scratch: Scratch,
  statuses: readonly number[],
  request: ServerRequest,
): Promise<ServerAnswer> {
  const answer = await scratch.send(request);
  if (statuses.includes(answer.status)) return answer;
  throw new Refused(
    `${request.method ?? 'GET'} ${new URL(request.url, 'http://x').pathname}`,
    answer,
  );
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

/** By POST and PUT, as engines push small blobs. Returns the upload's place. */
async function pushBlob(scratch: Scratch, { digest, bytes }: ScratchBlob): Promise<string> {
  const uploads = `/v2/${scratch.repository}/blobs/uploads/`;
  const began = await expect(scratch, [202], {
    method: 'POST',
    url: uploads,
    headers: { 'content-length': 0 },
  });
  const location = began.headers.get('location') ?? '';
  // A wrong place is told of; the push goes on where it should have gone.
  const place = new URL(location, scratch.server.address.origin);
  place.searchParams.set('digest', digest);
  const headers = { 'content-type': 'application/octet-stream', 'content-length': bytes.length };
  await expect(scratch, [201], {
    method: 'PUT',
    url: place.pathname + place.search,
    headers,
    body: bytes,
  });
  return location;
}

async function push(scratch: Scratch): Promise<Finding[]> {
  const { image, repository } = scratch;
  const location = await pushBlob(scratch, image.config);
  await pushBlob(scratch, image.layer);
  const { bytes } = image.manifest;
  await expect(scratch, [201], {
    method: 'PUT',
    url: `/v2/${repository}/manifests/${TAG}`,
    headers: { 'content-type': MANIFEST_TYPE, 'content-length': bytes.length },
    body: bytes,
  });
  return [ok(`${repository}:${TAG}`), named('location', judgeLocation(scratch, location))];
}

async function pull({ send, repository, image }: Scratch): Promise<Finding[]> {
  // As browsers and some clients ask: nothing of it may be done.
  const headers = { 'accept-encoding': 'gzip' };
  const manifest = await send({
    url: `/v2/${repository}/manifests/${TAG}`,
    headers: { ...headers, accept: MANIFEST_TYPE },
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

async function cleanUp({ send, repository, image }: Scratch): Promise<Finding> {
  const { manifest, layer, config } = image;
  const paths = [`manifests/${manifest.digest}`, `blobs/${layer.digest}`, `blobs/${config.digest}`];
  const left: string[] = [];
  for (const path of paths) {
    const { status } = await send({ method: 'DELETE', url: `/v2/${repository}/${path}` });
    if (status !== 202 && status !== 404) left.push(`${path.split('/')[0]} ${status}`);
  }
  if (left.length === 0) return named('delete', ok('nothing is left of it'));
  return named(
    'delete',
    warn(`${repository} could not be removed (${left.join(', ')})`, {
      meaning:
        'this user may not delete there, or nobody may (policy.delete), or the proxy does not let DELETE through',
      remedy: 'let somebody who may delete it, or leave it: it has 1.3 MiB',
    }),
  );
}

function explain({ message, answer }: Refused): Finding {
  if (answer.status === 413) {
    return fail(`${message} for a layer of 1.3 MiB`, {
      meaning: 'a proxy limits bodies: pushes end with 413 Request Entity Too Large',
      remedy: 'nginx: `client_max_body_size 0;`',
    });
  }
  const isDenied = answer.status === 401 || answer.status === 403;
  return fail(message, {
    meaning: isDenied ? 'the token does not allow it' : 'a push does not get through',
    remedy: isDenied
      ? 'give a namespace that the user may push to with --namespace'
      : 'see the log of the server, and that of the proxy',
  });
}

export const pushCheck: Check = onServer({
  name: 'push',
  topic: 'registry',
  after: ['token'],
  async run(server) {
    const scratch = await open(server);
    if ('verdict' in scratch) return scratch;
    const found: Finding[] = [];
    try {
      found.push(...(await push(scratch)));
      found.push(...(await pull(scratch)), await judgeHead(scratch), await judgeRange(scratch));
    } catch (error) {
      if (!(error instanceof Refused)) throw error;
      found.push(explain(error));
    } finally {
      found.push(await cleanUp(scratch));
    }
    return found;
  },
});

// The repository that the push goes to, made for one run: what is sent there, and what is taken away again.
import { OCI_MANIFEST, RepositoryName } from '@portolan/oci';
import type { ServerAnswer } from '../connection/named-request.ts';
import { type Finding, skipped } from './check.ts';
import { makeScratchImage, type ScratchBlob, type ScratchImage } from './scratch-image.ts';
import type { Server } from './server.ts';
import type { ServerRequest } from './server-connection.ts';
import { requestToken } from './tokens.ts';

export interface Scratch {
  readonly server: Server;
  readonly repository: string;
  readonly image: ScratchImage;
  readonly send: (request: ServerRequest) => Promise<ServerAnswer>;
}

export const TAG = 'doctor';

/** Something was answered that should not have been. */
export class Refused extends Error {
  readonly answer: ServerAnswer;

  constructor(what: string, answer: ServerAnswer) {
    super(`${what}: ${answer.status}`);
    this.answer = answer;
  }
}

/** The scratch repository, or why there is none. */
export async function openScratch(server: Server): Promise<Scratch | Finding> {
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

async function expectStatus(
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

/** By POST and PUT, as engines push small blobs. Returns the upload's place. */
async function pushBlob(scratch: Scratch, { digest, bytes }: ScratchBlob): Promise<string> {
  const uploads = `/v2/${scratch.repository}/blobs/uploads/`;
  const began = await expectStatus(scratch, [202], {
    method: 'POST',
    url: uploads,
    headers: { 'content-length': 0 },
  });
  const location = began.headers.get('location') ?? '';
  // A wrong place is told of; the push goes on where it should have gone.
  const place = new URL(location, scratch.server.address.origin);
  place.searchParams.set('digest', digest);
  const headers = { 'content-type': 'application/octet-stream', 'content-length': bytes.length };
  await expectStatus(scratch, [201], {
    method: 'PUT',
    url: place.pathname + place.search,
    headers,
    body: bytes,
  });
  return location;
}

/** Returns where the registry wanted the first upload to go. @throws Refused */
export async function pushImage(scratch: Scratch): Promise<string> {
  const { image, repository } = scratch;
  const location = await pushBlob(scratch, image.config);
  await pushBlob(scratch, image.layer);
  const { bytes } = image.manifest;
  await expectStatus(scratch, [201], {
    method: 'PUT',
    url: `/v2/${repository}/manifests/${TAG}`,
    headers: { 'content-type': OCI_MANIFEST, 'content-length': bytes.length },
    body: bytes,
  });
  return location;
}

/** What could not be removed, and the status that said so. */
export async function removeImage({
  send,
  repository,
  image,
}: Scratch): Promise<readonly string[]> {
  const { manifest, layer, config } = image;
  const paths = [`manifests/${manifest.digest}`, `blobs/${layer.digest}`, `blobs/${config.digest}`];
  const left: string[] = [];
  for (const path of paths) {
    const { status } = await send({ method: 'DELETE', url: `/v2/${repository}/${path}` });
    if (status !== 202 && status !== 404) left.push(`${path.split('/')[0]} ${status}`);
  }
  return left;
}

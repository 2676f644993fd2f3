// Sending blobs to another registry (distribution-spec, "Pushing blobs"): found, mounted, or sent in
// one stream as docker does, POST, PATCH and PUT. A session that broke is left behind; another one
// is begun, since few registries can go on with the first.
import type { Descriptor } from '@portolan/oci';
import type { Answer } from '../client/answer.ts';
import { mirrorError } from '../errors.ts';
import type { OpenBlob } from './place.ts';
import { pullScopes, pushScopes, type RegistryPlace } from './registry-place.ts';
import { verifiedBytes } from './verified-bytes.ts';

const OCTETS = { 'content-type': 'application/octet-stream' };

interface Upload {
  readonly place: RegistryPlace;
  readonly descriptor: Descriptor;
  readonly signal: AbortSignal;
}

async function location({ place, signal }: Upload, answer: Answer): Promise<URL> {
  answer.discard();
  const { host } = place;
  const text = answer.header('location');
  if (text === undefined) {
    throw mirrorError('upstream-corrupt', `${host} names no place for an upload`, { host });
  }
  return place.hosts.continuation(text, answer.url, await place.requester.base(signal));
}

/** The query of a Location is the registry's own state: it must come back as it was. */
function withDigest(url: URL, digest: string): URL {
  const whole = new URL(url);
  whole.search += `${whole.search === '' ? '?' : '&'}digest=${encodeURIComponent(digest)}`;
  return whole;
}

async function isPresent({ place, descriptor, signal }: Upload): Promise<boolean> {
  const url = `/v2/${place.path}/blobs/${descriptor.digest}`;
  // Who may only pull sees here whether it is there; who pushes will need the wider token anyway.
  const request = { method: 'HEAD', url, scopes: pushScopes(place), signal, what: 'blob' } as const;
  return place.requester.ask(request, [200, 404], (answer) => {
    answer.discard();
    return answer.status === 200;
  });
}

/** Best effort: the registry forgets sessions in time by itself. */
async function cancel({ place, signal }: Upload, url: URL): Promise<void> {
  const request = {
    method: 'DELETE',
    url,
    scopes: pushScopes(place),
    signal,
    what: 'upload',
  } as const;
  await place.requester.attempt(request, [200, 202, 204, 404]).then(
    (answer) => answer.discard(),
    () => undefined,
  );
}

async function mount(upload: Upload, from: RegistryPlace['path']): Promise<boolean> {
  const { place, descriptor, signal } = upload;
  const url = `/v2/${place.path}/blobs/uploads/?mount=${descriptor.digest}&from=${from}`;
  const scopes = [...pushScopes(place), ...pullScopes({ ...place, path: from })];
  const request = { method: 'POST', url, scopes, signal, what: 'mount' } as const;
  try {
    const answer = await place.requester.attempt(request, [201, 202]);
    if (answer.status === 202) await cancel(upload, await location(upload, answer));
    else answer.discard();
    return answer.status === 201;
  } catch {
    // Whatever speaks against it, the bytes can still be sent.
    signal.throwIfAborted();
    return false;
  }
}

export async function hasBlob(
  place: RegistryPlace,
  descriptor: Descriptor,
  signal: AbortSignal,
): Promise<boolean> {
  const upload = { place, descriptor, signal };
  const home = place.blobHomes.get(descriptor.digest);
  const isThere =
    (await isPresent(upload)) ||
    (home !== undefined && home !== place.path && (await mount(upload, home)));
  if (isThere) place.blobHomes.set(descriptor.digest, place.path);
  return isThere;
}

interface Source {
  readonly open: OpenBlob;
  /** Why it gave no more bytes; what fails beside that is the registry that we write to. */
  failure?: unknown;
}

async function* bytesOf({ place, descriptor, signal }: Upload, source: Source) {
  try {
    yield* verifiedBytes(descriptor, source.open, place.requester, signal);
  } catch (error) {
    source.failure = error;
    throw error;
  }
}

async function send(upload: Upload, source: Source): Promise<void> {
  const { place, descriptor, signal } = upload;
  const { requester } = place;
  const scopes = pushScopes(place);
  const url = `/v2/${place.path}/blobs/uploads/`;
  const headers = { 'content-length': '0' };
  const begin = { method: 'POST', url, scopes, headers, signal, what: 'upload' } as const;
  let session = await location(upload, await requester.attempt(begin, [202]));
  try {
    if (descriptor.size > 0) {
      const length = { 'content-length': String(descriptor.size) };
      const body = bytesOf(upload, source);
      const patch = {
        ...begin,
        method: 'PATCH',
        url: session,
        headers: { ...OCTETS, ...length },
      } as const;
      session = await location(upload, await requester.attempt({ ...patch, body }, [202, 204]));
    }
    const end = withDigest(session, descriptor.digest);
    const put = { ...begin, method: 'PUT', url: end, headers: { ...OCTETS, ...headers } } as const;
    (await requester.attempt(put, [201, 204])).discard();
  } catch (error) {
    signal.throwIfAborted();
    await cancel(upload, session);
    throw error;
  }
}

/** Each attempt is a session of its own, so that it can be repeated as a whole. */
export async function putBlob(
  place: RegistryPlace,
  descriptor: Descriptor,
  open: OpenBlob,
  signal: AbortSignal,
): Promise<void> {
  const upload = { place, descriptor, signal };
  const source: Source = { open };
  let isAgain = false;
  await place.requester.retrying(async () => {
    // The last answer may have been lost, and the blob be there.
    if (isAgain && (await isPresent(upload))) return;
    isAgain = true;
    await send(upload, source).catch((error: unknown) => {
      // The source has been tried as often as it is worth.
      if (source.failure === undefined) throw error;
    });
  }, signal);
  if (source.failure !== undefined) throw source.failure;
  place.blobHomes.set(descriptor.digest, place.path);
}

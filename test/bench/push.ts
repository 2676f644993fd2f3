// The push driver: what a client does to bring content in, over kept-alive connections.
import { createHash, randomBytes } from 'node:crypto';
import { Agent, request } from 'node:http';
import { Readable } from 'node:stream';
import type { Server } from './server.ts';

type Headers = Readonly<Record<string, string>>;

interface Answer {
  readonly status: number;
  readonly headers: Readonly<Record<string, string | string[] | undefined>>;
  readonly body: string;
}

const agent = new Agent({ keepAlive: true, maxSockets: 64 });

export function send(
  url: URL,
  method: string,
  headers: Headers,
  body?: Uint8Array | Readable,
): Promise<Answer> {
  return new Promise((resolve, reject) => {
    const outgoing = request(url, { method, agent, headers }, (incoming) => {
      const chunks: Buffer[] = [];
      incoming.on('data', (chunk: Buffer) => chunks.push(chunk));
      incoming.on('error', reject);
      incoming.on('end', () => {
        const status = incoming.statusCode ?? 0;
        resolve({ status, headers: incoming.headers, body: Buffer.concat(chunks).toString() });
      });
    });
    outgoing.on('error', reject);
    if (body instanceof Readable) body.pipe(outgoing);
    else outgoing.end(body);
  });
}

function expectStatus(answer: Answer, wanted: number, what: string): Answer {
  if (answer.status !== wanted) throw new Error(`${what}: ${answer.status} ${answer.body}`);
  return answer;
}

export function digestOf(bytes: Uint8Array): string {
  return `sha256:${createHash('sha256').update(bytes).digest('hex')}`;
}

async function openUpload(server: Server, repository: string, headers: Headers): Promise<URL> {
  const url = new URL(`/v2/${repository}/blobs/uploads/`, server.url);
  const opened = expectStatus(
    await send(url, 'POST', { ...headers, 'content-length': '0' }),
    202,
    'POST upload',
  );
  return new URL(String(opened.headers['location']), server.url);
}

/** POST and one PUT with the whole body: the style that both registries know. */
export async function pushBlob(
  server: Server,
  repository: string,
  headers: Headers,
  { bytes, digest = digestOf(bytes) }: { bytes: Uint8Array; digest?: string },
): Promise<string> {
  const location = await openUpload(server, repository, headers);
  location.searchParams.set('digest', digest);
  const length = { 'content-length': String(bytes.length) };
  expectStatus(await send(location, 'PUT', { ...headers, ...length }, bytes), 201, 'PUT blob');
  return digest;
}

/** POST, one streamed PATCH, PUT: what the docker engine does with a layer. */
export async function pushStream(
  server: Server,
  repository: string,
  headers: Headers,
  blob: { digest: string; chunks: () => Iterable<Uint8Array> },
): Promise<void> {
  const location = await openUpload(server, repository, headers);
  const stream = Readable.from(blob.chunks(), { objectMode: false, highWaterMark: 1 << 20 });
  const patched = expectStatus(await send(location, 'PATCH', headers, stream), 202, 'PATCH');
  const next = new URL(String(patched.headers['location']), server.url);
  next.searchParams.set('digest', blob.digest);
  expectStatus(await send(next, 'PUT', { ...headers, 'content-length': '0' }), 201, 'PUT');
}

export const MANIFEST = 'application/vnd.oci.image.manifest.v1+json';

export interface SmallImage {
  readonly digest: string;
  readonly body: Buffer;
}

/** A one-layer image that differs each time. */
export async function pushImage(
  server: Server,
  repository: string,
  headers: Headers,
  tag: string,
): Promise<SmallImage> {
  const layer = randomBytes(1024);
  const config = Buffer.from('{}');
  const descriptors = [config, layer].map((bytes) => ({
    size: bytes.length,
    digest: digestOf(bytes),
  }));
  for (const bytes of [config, layer]) await pushBlob(server, repository, headers, { bytes });
  const body = Buffer.from(
    JSON.stringify({
      schemaVersion: 2,
      mediaType: MANIFEST,
      config: { mediaType: 'application/vnd.oci.image.config.v1+json', ...descriptors[0] },
      layers: [{ mediaType: 'application/vnd.oci.image.layer.v1.tar', ...descriptors[1] }],
    }),
  );
  await putManifest(server, repository, headers, { reference: tag, body });
  return { digest: digestOf(body), body };
}

export async function putManifest(
  server: Server,
  repository: string,
  headers: Headers,
  manifest: { reference: string; body: Buffer },
): Promise<void> {
  const url = new URL(`/v2/${repository}/manifests/${manifest.reference}`, server.url);
  const extra = { 'content-type': MANIFEST, 'content-length': String(manifest.body.length) };
  expectStatus(
    await send(url, 'PUT', { ...headers, ...extra }, manifest.body),
    201,
    'PUT manifest',
  );
}

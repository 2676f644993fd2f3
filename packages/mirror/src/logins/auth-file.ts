// Logins that the container tools of a machine have kept: auth.json (containers-auth.json(5)) and
// docker's config.json, which is the same in what counts here. A key is a registry or a part of one;
// the longest that fits wins. Helpers are asked by their own protocol.
import { DomainError, RepositoryName } from '@portolan/oci';
import { z } from 'zod';
import type { UpstreamCredentials } from '../client/upstream-settings.ts';
import { mirrorError } from '../errors.ts';
import { UpstreamHost } from '@portolan/oci';
import { parseUpstreamHost, type UpstreamRepository } from '../names/upstream-name.ts';

/** What `docker login` calls Docker Hub. */
const DOCKER_HUB_KEY = 'https://index.docker.io/v1/';

const SCHEMA = z.object({
  auths: z
    .record(
      z.string(),
      z.object({
        auth: z.string().optional(),
        identitytoken: z.string().optional(),
        username: z.string().optional(),
        password: z.string().optional(),
      }),
    )
    .nullish(),
  credHelpers: z.record(z.string(), z.string()).nullish(),
  credsStore: z.string().nullish(),
});

export type AuthFile = z.infer<typeof SCHEMA>;

/** `get` of a `docker-credential-<name>`; undefined when it knows nothing of the server. */
export type AskHelper = (
  name: string,
  server: string,
) => Promise<{ readonly username: string; readonly secret: string } | undefined>;

/** @throws MirrorError `request-invalid`, which says nothing of what the file holds */
export function parseAuthFile(text: string, file: string): AuthFile {
  const malformed = (): never => {
    throw mirrorError('request-invalid', `${file} is no auth.json`, {
      hint: 'it is JSON with "auths", as `docker login` and `podman login` write it',
    });
  };
  let document: unknown;
  try {
    document = JSON.parse(text);
  } catch {
    return malformed();
  }
  const parsed = SCHEMA.safeParse(document);
  return parsed.success ? parsed.data : malformed();
}

/** `https://quay.io/v2/` and `quay.io` are one; the rest of a key is a path. */
function canonicalKey(key: string): string | undefined {
  const bare = key.replace(/^https?:\/\//, '').replace(/\/(?:v[12]\/?)?$/, '');
  const slash = bare.indexOf('/');
  const host = slash === -1 ? bare : bare.slice(0, slash);
  const path = slash === -1 ? '' : bare.slice(slash + 1);
  if (path !== '' && RepositoryName.find(path) === undefined) return undefined;
  try {
    return parseUpstreamHost(host) + (path === '' ? '' : `/${path}`);
  } catch (error) {
    // A key that names nothing of ours is somebody else's.
    if (error instanceof DomainError) return undefined;
    throw error;
  }
}

/** Without a path it is the registry as a whole. */
export interface LoginFor {
  readonly host: UpstreamRepository['host'];
  readonly path?: UpstreamRepository['path'];
}

/** `quay.io/a/b`, `quay.io/a`, `quay.io`. */
function keysFor({ host, path }: LoginFor): string[] {
  const parts = [host, ...(path?.split('/') ?? [])];
  return parts.map((_, i) => parts.slice(0, parts.length - i).join('/'));
}

function lookUp<T>(
  entries: Readonly<Record<string, T>> | null | undefined,
  upstream: LoginFor,
): { readonly key: string; readonly value: T } | undefined {
  const known = new Map(
    Object.entries(entries ?? {}).map(([key, value]) => [canonicalKey(key), { key, value }]),
  );
  for (const key of keysFor(upstream)) {
    const found = known.get(key);
    if (found !== undefined) return found;
  }
  return undefined;
}

type Entry = NonNullable<AuthFile['auths']>[string];

function fromEntry(entry: Entry): UpstreamCredentials | undefined {
  const { auth, identitytoken, username, password } = entry;
  if (identitytoken !== undefined && identitytoken !== '') {
    return { kind: 'identity-token', token: identitytoken };
  }
  if (auth === undefined || auth === '') {
    return username === undefined || password === undefined || username === ''
      ? undefined
      : { kind: 'basic', username, password };
  }
  // docker pads with zero bytes.
  const text = Buffer.from(auth, 'base64').toString('utf8').replaceAll('\0', '');
  const colon = text.indexOf(':');
  if (colon < 1) return undefined;
  return { kind: 'basic', username: text.slice(0, colon), password: text.slice(colon + 1) };
}

async function fromHelper(
  name: string,
  server: string,
  ask: AskHelper,
): Promise<UpstreamCredentials | undefined> {
  const answer = await ask(name, server);
  if (answer === undefined) return undefined;
  const { username, secret } = answer;
  return username === '<token>'
    ? { kind: 'identity-token', token: secret }
    : { kind: 'basic', username, password: secret };
}

/** What a helper knows of a registry; undefined when nothing. */
export async function findHelperLogin(
  name: string,
  host: string,
  ask: AskHelper,
): Promise<UpstreamCredentials | undefined> {
  return await fromHelper(name, host === UpstreamHost.DOCKER_HUB ? DOCKER_HUB_KEY : host, ask);
}

/** What the file knows of a repository, or of a registry; undefined when nothing. */
export async function findLogin(
  file: AuthFile,
  upstream: LoginFor,
  ask: AskHelper,
): Promise<UpstreamCredentials | undefined> {
  const helper = lookUp(file.credHelpers, upstream);
  if (helper !== undefined) return fromHelper(helper.value, helper.key, ask);
  const store = file.credsStore ?? '';
  if (store !== '') {
    const found = await findHelperLogin(store, upstream.host, ask);
    if (found !== undefined) return found;
  }
  const entry = lookUp(file.auths, upstream);
  return entry === undefined ? undefined : fromEntry(entry.value);
}

// One subject of each kind, and for each visibility one team namespace and one personal one, made
// with the command line; content goes in as the administrator.
import type { Visibility } from '@portolan/oci';
import { createSession, openSession, type Session } from '../conformance/registry-client.ts';
import { createRepository, type Repository } from '../conformance/repository.ts';
import type { Image } from '../support/image.ts';
import { readService, type TokenUser } from '../support/request-token.ts';
import { type Portolan, startPortolan } from '../support/start-portolan.ts';
import { type SubjectKind, VISIBILITIES } from './reference-model.ts';

export interface World {
  readonly portolan: Portolan;
  /** The `service` of its challenges. */
  readonly service: string;
  /** The repository on which the subject is tried. */
  repositoryName(subject: SubjectKind, visibility: Visibility): string;
  /** All that a token of the subject can give on the repository. */
  session(subject: SubjectKind, visibility: Visibility, name?: string): Promise<Session>;
  administrator(name: string): Promise<Repository>;
  userOf(subject: SubjectKind, visibility: Visibility): TokenUser;
}

/** A private namespace that is the mirror's alone. */
export const MIRROR = 'quay.example';

const MEMBERS = { viewer: 'viewer', contributor: 'contributor', owner: 'owner' } as const;

interface Accounts {
  readonly portolan: Portolan;
  readonly service: string;
  readonly passwords: ReadonlyMap<string, string>;
}

async function run(portolan: Portolan, ...args: string[]): Promise<string> {
  const { code, stdout, stderr } = await portolan.cli(...args);
  if (code !== 0) throw new Error(`portolan ${args.join(' ')}: ${code}\n${stdout}${stderr}`);
  return stdout;
}

async function createUsers(portolan: Portolan): Promise<Accounts> {
  const passwords = new Map([['admin', portolan.adminPassword]]);
  const people = VISIBILITIES.map((visibility) => `person-${visibility}`);
  for (const name of ['stranger', 'disabled', ...Object.keys(MEMBERS), ...people]) {
    const text = await run(portolan, 'user', 'create', name, '--output', 'json');
    passwords.set(name, (JSON.parse(text) as { password: string }).password);
  }
  return { portolan, service: await readService(portolan.url), passwords };
}

async function createNamespaces(portolan: Portolan): Promise<void> {
  await run(portolan, 'team', 'create', 'crew', '--owner', 'owner');
  await run(portolan, 'team', 'add-member', 'crew', 'disabled', '--role', 'owner');
  for (const role of ['viewer', 'contributor']) {
    await run(portolan, 'team', 'add-member', 'crew', role, '--role', role);
  }
  for (const visibility of VISIBILITIES) {
    const options = ['--team', 'crew', '--visibility', visibility];
    await run(portolan, 'namespace', 'create', `crew-${visibility}`, ...options);
    await run(portolan, 'namespace', 'set', `person-${visibility}`, '--visibility', visibility);
  }
  await run(portolan, 'mirror', 'add', `${MIRROR}/app`);
}

function accountName(subject: SubjectKind, visibility: Visibility): string | undefined {
  switch (subject) {
    case 'no token':
    case 'anonymous':
      return undefined;
    case 'administrator':
      return 'admin';
    case 'disabled owner':
      return 'disabled';
    case 'personal owner':
      return `person-${visibility}`;
    case 'owner with a token for elsewhere':
      return 'owner';
    default:
      return subject;
  }
}

function repositoryName(subject: SubjectKind, visibility: Visibility): string {
  const kind = subject === 'personal owner' ? 'person' : 'crew';
  return `${kind}-${visibility}/app`;
}

export const ALL_ACTIONS = 'pull,push,delete';

function scopesFor(subject: SubjectKind, name: string): string[] {
  if (subject === 'owner with a token for elsewhere') {
    // The same first letters, and a longer name: neither may count as the repository itself.
    return [`repository:${name}-else:${ALL_ACTIONS}`, `repository:${name}/sub:${ALL_ACTIONS}`];
  }
  return [`repository:${name}:${ALL_ACTIONS}`, 'registry:catalog:*'];
}

function createWorld({ portolan, service, passwords }: Accounts): World {
  const sessions = new Map<string, Promise<Session>>();
  function userOf(subject: SubjectKind, visibility: Visibility): TokenUser {
    const name = accountName(subject, visibility);
    if (name === undefined) return 'anonymous';
    return { name, password: passwords.get(name) ?? '' };
  }
  function session(subject: SubjectKind, visibility: Visibility, given?: string) {
    // A disabled user gets no token any more, so there is the one from before.
    const asked = subject === 'disabled owner' ? undefined : given;
    const name = asked ?? repositoryName(subject, visibility);
    const key = `${subject} ${visibility} ${name}`;
    const known = sessions.get(key);
    if (known !== undefined) return known;
    const opened =
      subject === 'no token'
        ? Promise.resolve(createSession(portolan.url, undefined))
        : openSession(portolan.url, scopesFor(subject, name), userOf(subject, visibility));
    sessions.set(key, opened);
    return opened;
  }
  return {
    portolan,
    service,
    repositoryName,
    session,
    userOf,
    administrator: async (name) =>
      createRepository(name, await session('administrator', 'private', name)),
  };
}

/** Starts the server; the disabled user's tokens are taken before it is disabled. */
export async function startWorld(): Promise<World> {
  // Two workers: a right that is withdrawn must end in both.
  const portolan = await startPortolan({ workers: 2 });
  const accounts = await createUsers(portolan);
  await createNamespaces(portolan);
  const world = createWorld(accounts);
  for (const visibility of VISIBILITIES) await world.session('disabled owner', visibility);
  await run(portolan, 'user', 'set', 'disabled', '--disable');
  return world;
}

/** An image under the tag `latest`, whole again whatever was deleted before. */
export async function pushContent(repository: Repository, image: Image): Promise<void> {
  for (const blob of image.blobs) await repository.pushBlob(blob);
  await repository.pushManifest(image.root, 'latest');
}

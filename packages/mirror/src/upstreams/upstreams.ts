// The registries that we copy from: how each one is reached, and with which credentials. Those go in
// and are used, but are never shown again.
import type { UpstreamRecord, UpstreamStore } from '@portolan/storage';
import type { UpstreamCredentials, UpstreamSettings } from '../client/upstream-settings.ts';
import { mirrorError } from '../errors.ts';
import { type AskHelper, findHelperLogin } from '../logins/auth-file.ts';
import { parseUpstreamHost } from '../names/upstream-name.ts';
import type { SecretBox } from '../secrets/sealed-secrets.ts';
import { openCredentials, sealCredentials } from './sealed-credentials.ts';
import {
  checkUpstreamSettings,
  type PlainUpstreamSettings,
  readUpstreamSettings,
} from './stored-settings.ts';

type Changeable = Omit<PlainUpstreamSettings, 'host'>;

/** What is not named stays; null goes back to the default. Credentials take a helper's place, and it theirs. */
export type UpstreamChanges = {
  readonly [Key in keyof Changeable]?: Exclude<Changeable[Key], undefined> | null;
} & { readonly credentials?: UpstreamCredentials | null };

/** `stored`: of a kind that was not written down. */
export type CredentialSource = UpstreamCredentials['kind'] | 'credential-helper' | 'stored';

export interface Upstream extends PlainUpstreamSettings {
  readonly hasCredentials: boolean;
  /** Where they come from; undefined when there are none. */
  readonly credentialSource: CredentialSource | undefined;
  /** What it last said of its pull limit. */
  readonly quota: UpstreamRecord['quota'];
  readonly createdAt: number;
}

/** Hosts are taken in any spelling: `index.docker.io` is `docker.io`. */
export interface Upstreams {
  /** Makes the upstream or changes it. @throws MirrorError `request-invalid`, `secret-unreadable` */
  set(host: string, changes: UpstreamChanges, actor: string): Promise<Upstream>;
  list(): Promise<readonly Upstream[]>;
  find(host: string): Promise<Upstream | undefined>;
  /** @throws StorageError `not-found`, `still-in-use` while rules name it */
  remove(host: string, actor: string): Promise<void>;
  /**
   * With credentials, for the client; the defaults for a host that nobody has set up.
   * @throws MirrorError `upstream-denied` when its helper gives none, `secret-unreadable`
   */
  settingsOf(host: string): Promise<UpstreamSettings>;
  /** Kept only for upstreams that somebody has set up, or a rule names. */
  noteQuota(host: string, quota: object): Promise<void>;
}

export interface UpstreamsDeps {
  readonly stores: UpstreamStore;
  readonly secrets: SecretBox;
  readonly askHelper: AskHelper;
}

function sourceOf({ settings, hasCredentials }: UpstreamRecord): CredentialSource | undefined {
  const { credentialHelper, credentialKind } = checkUpstreamSettings(settings);
  if (credentialHelper !== undefined) return 'credential-helper';
  return hasCredentials ? (credentialKind ?? 'stored') : undefined;
}

function toUpstream(record: UpstreamRecord): Upstream {
  const { host, settings, quota, createdAt } = record;
  const credentialSource = sourceOf(record);
  const hasCredentials = credentialSource !== undefined;
  const plain = readUpstreamSettings(host, settings);
  return { ...plain, hasCredentials, credentialSource, quota, createdAt };
}

/** There is one source at a time: what sets one takes the others away. */
function withOneSource({ credentials, ...changes }: UpstreamChanges) {
  if (typeof changes.credentialHelper === 'string') {
    if (credentials) {
      throw mirrorError('request-invalid', 'credentials and a credential helper were both given');
    }
    return { credentials: null, changes: { ...changes, credentialKind: null } };
  }
  if (credentials === undefined) return { credentials, changes };
  const credentialKind = credentials?.kind ?? null;
  return { credentials, changes: { ...changes, credentialHelper: null, credentialKind } };
}

function merge(before: object, changes: object): object {
  const merged = new Map<string, unknown>(Object.entries(before));
  for (const [key, value] of Object.entries(changes)) {
    if (value === null) merged.delete(key);
    else if (value !== undefined) merged.set(key, value);
  }
  return Object.fromEntries(merged);
}

async function setUpstream(
  { stores, secrets }: UpstreamsDeps,
  host: string,
  given: UpstreamChanges,
  actor: string,
): Promise<Upstream> {
  const { credentials, changes } = withOneSource(given);
  const before = await stores.find(host);
  const settings = checkUpstreamSettings(merge(before?.settings ?? {}, changes));
  // Whatever can be refused is, before anything is written.
  const sealed = credentials ? await sealCredentials(secrets, host, credentials) : undefined;
  const isChanged = before === undefined || Object.values(changes).some((it) => it !== undefined);
  const record = isChanged ? await stores.set(host, settings, actor) : before;
  if (credentials === undefined || (sealed === undefined && !record.hasCredentials)) {
    return toUpstream(record);
  }
  await stores.setCredentials(host, sealed, actor);
  return toUpstream({ ...record, hasCredentials: sealed !== undefined });
}

async function loginOfHelper(ask: AskHelper, helper: string, host: string) {
  const denied = (cause?: unknown): Error => {
    const hint = `try \`docker-credential-${helper} get\` by hand, as the user that runs portolan`;
    const message = `the credential helper ${helper} gave no login for ${host}`;
    return mirrorError('upstream-denied', message, { upstream: host, hint }, cause);
  };
  const login = await findHelperLogin(helper, host, ask).catch((cause: unknown) => {
    throw denied(cause);
  });
  if (login === undefined) throw denied();
  return login;
}

async function settingsOf(
  { stores, secrets, askHelper }: UpstreamsDeps,
  host: string,
): Promise<UpstreamSettings> {
  const record = await stores.find(host);
  const { credentialHelper, ...settings } = readUpstreamSettings(host, record?.settings ?? {});
  if (credentialHelper !== undefined) {
    return { ...settings, credentials: await loginOfHelper(askHelper, credentialHelper, host) };
  }
  const sealed = await stores.sealedCredentials(host);
  return { ...settings, credentials: sealed && (await openCredentials(secrets, host, sealed)) };
}

/** @example createUpstreams({ stores: storage.upstreams, secrets, askHelper }).settingsOf('docker.io') */
export function createUpstreams(deps: UpstreamsDeps): Upstreams {
  const { stores } = deps;
  return {
    set: async (host, changes, actor) =>
      await setUpstream(deps, parseUpstreamHost(host), changes, actor),
    list: async () => (await stores.list()).map(toUpstream),
    async find(host) {
      const record = await stores.find(parseUpstreamHost(host));
      return record && toUpstream(record);
    },
    remove: async (host, actor) => await stores.delete(parseUpstreamHost(host), actor),
    settingsOf: async (host) => await settingsOf(deps, parseUpstreamHost(host)),
    noteQuota: async (host, quota) => await stores.noteQuota(parseUpstreamHost(host), { ...quota }),
  };
}

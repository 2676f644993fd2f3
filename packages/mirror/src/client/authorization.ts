// Which `Authorization` a request gets. The scheme is learnt from the registry's first 401; tokens are
// kept per set of scopes, and asked for once however many requests wait for them.
import type { Clock } from '@portolan/storage';
import { isDeepStrictEqual } from 'node:util';
import { orAborted } from '../copy/or-aborted.ts';
import { mirrorError } from '../errors.ts';
import {
  basicAuthorization,
  type BearerToken,
  requestToken,
  type TokenRequest,
} from './bearer-token.ts';
import { type Challenge, parseChallenges } from './challenge.ts';
import type { KnownHosts } from './known-hosts.ts';
import type { ClientLimits } from './limits.ts';
import type { SentSecrets } from './sent-secrets.ts';
import type { Transport } from './transport.ts';
import type { UpstreamCredentials } from './upstream-settings.ts';

export interface Authorization {
  /** The header's value; undefined sends none. */
  header(scopes: readonly string[], signal: AbortSignal): Promise<string | undefined>;
  /** Takes in a 401. @throws MirrorError `upstream-denied`, `egress-refused` */
  learn(refused: RefusedRequest): void;
  /** From now on; tokens of other credentials are forgotten. */
  useCredentials(credentials: UpstreamCredentials | undefined): void;
}

export interface RefusedRequest {
  /** `WWW-Authenticate`. */
  readonly challenge: string;
  readonly scopes: readonly string[];
  /** The `Authorization` that did not do. */
  readonly sent: string | undefined;
  /** Of the registry. */
  readonly base: URL;
}

export interface AuthorizationDeps {
  readonly transport: Transport;
  readonly hosts: KnownHosts;
  readonly credentials: UpstreamCredentials | undefined;
  /** Gets to know all that is sent. */
  readonly secrets: SentSecrets;
  readonly clock: Clock;
  readonly limits: ClientLimits;
}

interface Known {
  readonly request: TokenRequest;
  token?: Promise<BearerToken>;
  /** Once it is there. */
  current?: BearerToken;
}

/** A token that ends while its request is on the way does not do. */
const MARGIN_MS = 10_000;
const MAX_CHALLENGE_SCOPES = 10;

function denied(base: URL, hasCredentials: boolean) {
  const hint = hasCredentials ? 'check the credentials' : 'give credentials, or check the name';
  return mirrorError('upstream-denied', `${base.host} wants other credentials`, {
    host: base.host,
    hint,
  });
}

/** What the registry asks for is what its token service understands; ours when it names nothing. */
function scopesOf(challenge: Challenge, wanted: readonly string[]): readonly string[] {
  const named = (challenge.parameters.get('scope') ?? '').split(' ').filter(Boolean);
  if (named.length === 0) return wanted;
  // A mount needs a second repository, which no challenge names.
  return [...new Set([...named.slice(0, MAX_CHALLENGE_SCOPES), ...wanted.slice(1)])];
}

function noteCredentials(secrets: SentSecrets, credentials: UpstreamCredentials): void {
  if (credentials.kind !== 'basic') secrets.note(credentials.token);
  else {
    const { username, password } = credentials;
    secrets.note(password);
    secrets.note(basicAuthorization(username, password));
  }
}

export function createAuthorization(deps: AuthorizationDeps): Authorization {
  let { credentials } = deps;
  const known = new Map<string, Known>();
  let isBasic = false;

  function ask(entry: Known): Promise<BearerToken> {
    // It is what is sent now, however many tokens there were since the last time.
    if (credentials !== undefined) noteCredentials(deps.secrets, credentials);
    // Several requests wait for it: that one of them is broken off must not fail the others.
    const token = requestToken(
      entry.request,
      { ...deps, credentials },
      new AbortController().signal,
    );
    entry.token = token;
    delete entry.current;
    token.then(
      (current) => (entry.current = current),
      () => delete entry.token,
    );
    return token;
  }

  async function bearer(entry: Known, signal: AbortSignal): Promise<string> {
    const { current } = entry;
    const isOver = current !== undefined && current.expiresAt - MARGIN_MS <= deps.clock();
    const waiting = entry.token === undefined || isOver ? ask(entry) : entry.token;
    const { token } = await orAborted(waiting, signal);
    return `Bearer ${token}`;
  }

  async function find(scopes: readonly string[], signal: AbortSignal) {
    if (credentials?.kind === 'registry-token') return `Bearer ${credentials.token}`;
    if (isBasic && credentials?.kind === 'basic') {
      noteCredentials(deps.secrets, credentials);
      return basicAuthorization(credentials.username, credentials.password);
    }
    const entry = known.get(scopes.join(' '));
    return entry === undefined ? undefined : bearer(entry, signal);
  }

  return {
    async header(scopes, signal) {
      const value = await find(scopes, signal);
      if (value !== undefined) deps.secrets.note(value);
      return value;
    },
    learn({ challenge: text, scopes, sent, base }) {
      const challenges = parseChallenges(text);
      const challenge = challenges.find(({ scheme }) => scheme === 'bearer');
      const realm = challenge?.parameters.get('realm');
      if (credentials?.kind === 'registry-token') throw denied(base, true);
      if (challenge !== undefined && realm !== undefined) {
        const key = scopes.join(' ');
        const entry = known.get(key);
        // Another request was refused with the same token, and has seen to it already.
        if (entry !== undefined && `Bearer ${entry.current?.token}` !== sent) return;
        const request = {
          realm: deps.hosts.realm(realm, base),
          service: challenge.parameters.get('service'),
          scopes: scopesOf(challenge, scopes),
        };
        known.set(key, { request });
        return;
      }
      const wantsBasic = challenges.some(({ scheme }) => scheme === 'basic');
      if (!wantsBasic || credentials?.kind !== 'basic') {
        throw denied(base, credentials !== undefined);
      }
      isBasic = true;
    },
    useCredentials(changed) {
      if (isDeepStrictEqual(changed, credentials)) return;
      credentials = changed;
      known.clear();
      isBasic = false;
    },
  };
}

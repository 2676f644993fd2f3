// The challenge of a 401: RFC 6750 §3 and distribution's "Token Authentication Specification".
// Exactly one is sent, Bearer: with a Basic one beside it moby would overwrite its bearer header.
import { type Access, Scope, type UpstreamHost } from '@portolan/oci';

export interface ChallengeSettings {
  /** Absolute URL of the token endpoint. */
  readonly realm: string;
  readonly service: string;
}

/** No `error` is sent to a client that brought no token (RFC 6750 §3.1). */
export type ChallengeError = 'invalid_token' | 'insufficient_scope';

function quote(text: string): string {
  return `"${text.replace(/["\\]/g, '\\$&')}"`;
}

/**
 * The settings on a view. Engines ask for the scope `library/busybox` there, whatever the challenge says,
 * so the realm has to tell the token service whose that is; they keep its query.
 */
export function challengeOfView(
  settings: ChallengeSettings,
  view: UpstreamHost | undefined,
): ChallengeSettings {
  if (view === undefined) return settings;
  const realm = new URL(settings.realm);
  realm.searchParams.set('ns', view);
  return { realm: realm.href, service: settings.service };
}

/** The value of `WWW-Authenticate`. Several scopes are one quoted list. */
export function formatChallenge(
  settings: ChallengeSettings,
  wanted: readonly Access[],
  error: ChallengeError | undefined,
): string {
  const scope = wanted.length === 0 ? '' : `,scope=${quote(Scope.format(wanted))}`;
  const reason = error === undefined ? '' : `,error=${quote(error)}`;
  return `Bearer realm=${quote(settings.realm)},service=${quote(settings.service)}${scope}${reason}`;
}

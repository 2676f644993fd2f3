// Under which host a person's own login for a registry is looked up: that of the server which gets it. An
// endpoint that somebody has stored may be a machine of theirs, and a password for quay.io is not for it.
import { UpstreamHost } from '@portolan/oci';

export interface Reached {
  readonly host: string;
  /** A URL, or a host without a scheme. */
  readonly endpoint?: string | undefined;
}

/** Undefined where no login could be meant. */
export function loginHostOf({ host, endpoint }: Reached): string | undefined {
  if (endpoint === undefined) return host;
  const url = URL.parse(endpoint.includes('://') ? endpoint : `https://${endpoint}`);
  return url === null ? undefined : UpstreamHost.find(url.host);
}

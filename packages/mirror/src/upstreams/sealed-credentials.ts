// An upstream's credentials on their way into the database and out of it.
import { z } from 'zod';
import type { UpstreamCredentials } from '../client/upstream-settings.ts';
import { mirrorError } from '../errors.ts';
import type { SecretBox } from '../secrets/sealed-secrets.ts';

const credentials = z.discriminatedUnion('kind', [
  z.strictObject({
    kind: z.literal('basic'),
    username: z.string().min(1).max(1024),
    password: z.string().min(1).max(65_536),
  }),
  z.strictObject({ kind: z.literal('identity-token'), token: z.string().min(1).max(65_536) }),
  z.strictObject({ kind: z.literal('registry-token'), token: z.string().min(1).max(65_536) }),
]);

function contextOf(host: string): string {
  return `credentials of the upstream ${host}`;
}

/** @throws MirrorError `request-invalid`, `secret-unreadable` */
export async function sealCredentials(
  secrets: SecretBox,
  host: string,
  given: UpstreamCredentials,
): Promise<Buffer> {
  const result = credentials.safeParse(given);
  if (result.success) return await secrets.seal(JSON.stringify(result.data), contextOf(host));
  // The values are secrets: the message says which one is wrong and never what it is.
  const field = String(result.error.issues[0]?.path[0] ?? 'credentials');
  throw mirrorError('request-invalid', `the ${field} is empty or too long`, { upstream: host });
}

/** @throws MirrorError `secret-unreadable` */
export async function openCredentials(
  secrets: SecretBox,
  host: string,
  sealed: Buffer,
): Promise<UpstreamCredentials> {
  const opened = await secrets.open(sealed, contextOf(host));
  return credentials.parse(JSON.parse(opened.toString()));
}

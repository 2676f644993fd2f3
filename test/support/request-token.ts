// Asks for a token the way clients do: the service from the challenge of `/v2/`, then GET with Basic.

export type TokenUser = { readonly name: string; readonly password: string } | 'anonymous';

/** The name under which the token service knows this registry, from the challenge. */
export async function readService(url: string): Promise<string> {
  const challenge = (await fetch(`${url}/v2/`)).headers.get('www-authenticate') ?? '';
  const service = /service="([^"]*)"/.exec(challenge)?.[1];
  if (service === undefined) throw new Error(`no service in the challenge of /v2/: ${challenge}`);
  return service;
}

/** The `Authorization` value of a user, for the token endpoint. */
export function basic(user: { readonly name: string; readonly password: string }): string {
  return `Basic ${Buffer.from(`${user.name}:${user.password}`).toString('base64')}`;
}

export async function requestToken(
  url: string,
  scopes: readonly string[],
  user: TokenUser,
): Promise<string> {
  const query = new URLSearchParams({ service: await readService(url) });
  for (const scope of scopes) query.append('scope', scope);
  const headers = new Headers();
  if (user !== 'anonymous') headers.set('Authorization', basic(user));
  const answer = await fetch(`${url}/token?${query.toString()}`, { headers });
  const text = await answer.text();
  if (answer.status !== 200) throw new Error(`token request: ${answer.status} ${text}`);
  const { token } = JSON.parse(text) as { token?: unknown };
  if (typeof token !== 'string') throw new Error(`no token in ${text}`);
  return token;
}

// What a token service answers, read and not verified: whether a token is good is for the registry to say.

export interface GrantedAccess {
  readonly type: string;
  readonly name: string;
  readonly actions: readonly string[];
}

function parseJson(text: string): Readonly<Record<string, unknown>> {
  try {
    const value: unknown = JSON.parse(text);
    return typeof value === 'object' && value !== null ? { ...value } : {};
  } catch {
    return {};
  }
}

function isAccess(value: unknown): value is GrantedAccess {
  if (typeof value !== 'object' || value === null) return false;
  const { type, name, actions } = value as Readonly<Record<string, unknown>>;
  return typeof type === 'string' && typeof name === 'string' && Array.isArray(actions);
}

/** Undefined when none was issued. */
export function readToken(body: Buffer): string | undefined {
  const { token, access_token: accessToken } = parseJson(body.toString('utf8'));
  if (typeof token === 'string') return token;
  return typeof accessToken === 'string' ? accessToken : undefined;
}

/** An entry whose actions were all refused is none. */
export function accessOf(token: string): readonly GrantedAccess[] {
  const payload = Buffer.from(token.split('.')[1] ?? '', 'base64url').toString('utf8');
  const { access } = parseJson(payload);
  return (Array.isArray(access) ? access : [])
    .filter(isAccess)
    .filter(({ actions }) => actions.length > 0);
}

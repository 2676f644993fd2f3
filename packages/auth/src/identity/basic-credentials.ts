// RFC 7617. A header that cannot be read is a bad credential: it must never become anonymous
// (moby#24093: `docker login` with a wrong password "succeeded").
import { authError } from '../errors.ts';

export interface NameAndPassword {
  readonly name: string;
  readonly password: string;
}

const SCHEME = /^basic +([A-Za-z0-9+/_-]+={0,2}) *$/i;

function malformed(): never {
  throw authError('credentials-invalid', 'the Authorization header is not readable', {
    hint: 'send `Basic` and the base64 of name:password',
  });
}

function decode(header: string): NameAndPassword | undefined {
  const encoded = SCHEME.exec(header)?.[1] ?? '';
  const text = Buffer.from(encoded, 'base64').toString('utf8');
  const colon = text.indexOf(':');
  if (colon === -1) return undefined;
  return { name: text.slice(0, colon), password: text.slice(colon + 1) };
}

/** Undefined when the header cannot be read: only where whatever is sent may count as nothing. */
export function findBasic(header: string): NameAndPassword | undefined {
  const pair = decode(header);
  return pair?.name === '' ? undefined : pair;
}

/** BuildKit 0.8 sends the token of a `docker login` as the password of nobody. */
export function findIdentityToken(header: string): string | undefined {
  const pair = decode(header);
  return pair?.name === '' ? pair.password : undefined;
}

/** Undefined only when there is no header at all. @throws AuthError `credentials-invalid` */
export function parseBasic(header: string | undefined): NameAndPassword | undefined {
  return header === undefined ? undefined : (findBasic(header) ?? malformed());
}

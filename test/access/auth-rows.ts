// What the token service's own routes answer to each kind of subject, who sends its password where
// the route takes one.
import type { RequestOptions } from '../conformance/registry-client.ts';
import { basic, type TokenUser } from '../support/request-token.ts';
import { SUBJECTS, type SubjectKind } from './reference-model.ts';

export interface AuthRow {
  readonly method: string;
  readonly path: string;
  readonly note?: string;
  readonly statuses: Readonly<Record<SubjectKind, number>>;
  readonly options: (user: TokenUser, service: string) => RequestOptions;
}

function all(status: number): Record<SubjectKind, number> {
  return Object.fromEntries(SUBJECTS.map((subject) => [subject, status])) as Record<
    SubjectKind,
    number
  >;
}

function withPassword(user: TokenUser): Record<string, string> {
  return user === 'anonymous' ? {} : { Authorization: basic(user) };
}

function passwordForm(user: TokenUser, service: string): RequestOptions {
  const form = new URLSearchParams({ grant_type: 'password', service, client_id: 'matrix' });
  if (user !== 'anonymous') {
    form.set('username', user.name);
    form.set('password', user.password);
  }
  return {
    headers: { 'Content-Type': 'application/x-www-form-urlencoded' },
    body: Buffer.from(form.toString()),
  };
}

function open(path: string, status: number): AuthRow[] {
  return ['GET', 'HEAD'].map((method) => ({
    method,
    path,
    statuses: all(status),
    options: (user) => ({ headers: withPassword(user) }),
  }));
}

const OPEN = ['/', '/jwks', '/livez', '/readyz'].flatMap((path) => open(path, 200));

/** There is no authority, and nothing is ordered. */
const ABSENT = ['/ca.crt', '/ca.crt.sha256', '/.well-known/acme-challenge/:token'].flatMap((path) =>
  open(path, 404),
);

export const AUTH_ROWS: readonly AuthRow[] = [
  ...OPEN,
  ...ABSENT,
  {
    method: 'GET',
    path: '/token',
    note: 'with a scope',
    statuses: { ...all(200), 'disabled owner': 401 },
    options: (user, service) => ({
      headers: withPassword(user),
      query: { service, scope: 'repository:crew-private/app:pull' },
    }),
  },
  {
    method: 'GET',
    path: '/token',
    note: 'as a login',
    statuses: { ...all(200), 'no token': 401, anonymous: 401, 'disabled owner': 401 },
    options: (user, service) => ({ headers: withPassword(user), query: { service } }),
  },
  {
    method: 'POST',
    path: '/token',
    statuses: { ...all(200), 'no token': 400, anonymous: 400, 'disabled owner': 401 },
    options: passwordForm,
  },
];

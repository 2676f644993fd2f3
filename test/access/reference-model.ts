// Who may do what, written down a second time and by hand: the matrix of the access tests comes from
// these tables and from nothing of the program's own policy.
import type { Visibility } from '@portolan/oci';

export const VISIBILITIES: readonly Visibility[] = ['public', 'protected', 'private'];

export const SUBJECTS = [
  'no token',
  'anonymous',
  'stranger',
  'viewer',
  'contributor',
  'owner',
  'personal owner',
  'administrator',
  'disabled owner',
  'owner with a token for elsewhere',
] as const;

export type SubjectKind = (typeof SUBJECTS)[number];
export type Action = 'pull' | 'push' | 'delete';

type Row = Readonly<Record<Visibility, readonly Action[]>>;

const NOTHING: Row = { public: [], protected: [], private: [] };

function everywhere(...actions: Action[]): Row {
  return { public: actions, protected: actions, private: actions };
}

/** Visibility widens pulls alone; what a role gives, it gives everywhere. */
export const RIGHTS: Readonly<Record<SubjectKind, Row>> = {
  'no token': NOTHING,
  anonymous: { ...NOTHING, public: ['pull'] },
  stranger: { ...NOTHING, public: ['pull'], protected: ['pull'] },
  viewer: everywhere('pull'),
  contributor: everywhere('pull', 'push'),
  owner: everywhere('pull', 'push', 'delete'),
  'personal owner': everywhere('pull', 'push', 'delete'),
  administrator: everywhere('pull', 'push', 'delete'),
  // Its token was issued while it could still log in.
  'disabled owner': NOTHING,
  'owner with a token for elsewhere': NOTHING,
};

/** Whether the token is good at all. */
export const HAS_TOKEN: Readonly<Record<SubjectKind, boolean>> = {
  'no token': false,
  anonymous: true,
  stranger: true,
  viewer: true,
  contributor: true,
  owner: true,
  'personal owner': true,
  administrator: true,
  'disabled owner': false,
  'owner with a token for elsewhere': true,
};

const PUBLIC = ['crew-public/app', 'person-public/app'];
const PROTECTED = ['crew-protected/app', 'person-protected/app'];

/** What the catalog shows; undefined where it is not granted. */
export const CATALOG: Readonly<Record<SubjectKind, readonly string[] | undefined>> = {
  'no token': undefined,
  anonymous: PUBLIC,
  stranger: [...PUBLIC, ...PROTECTED],
  viewer: [...PUBLIC, ...PROTECTED, 'crew-private/app'],
  contributor: [...PUBLIC, ...PROTECTED, 'crew-private/app'],
  owner: [...PUBLIC, ...PROTECTED, 'crew-private/app'],
  'personal owner': [...PUBLIC, ...PROTECTED, 'person-private/app'],
  administrator: [...PUBLIC, ...PROTECTED, 'crew-private/app', 'person-private/app'],
  'disabled owner': undefined,
  'owner with a token for elsewhere': undefined,
};

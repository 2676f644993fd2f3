// Granted = requested ∩ allowed (reference §3.2). Fewer or no actions is an answer, not an error.
import {
  type Access,
  type AccessStamp,
  RepositoryName,
  type Scope,
  type Stamp,
} from '@portolan/oci';
import type { NamespaceAccess, NamespaceStore, Subject } from '@portolan/storage';
import { catalogFilter } from './catalog-policy.ts';
import { type PolicySettings, REPOSITORY_POLICY } from './repository-policy.ts';

export interface AuthorizeRequest {
  /** Undefined is anonymous. */
  readonly subject: Subject | undefined;
  readonly scopes: readonly Scope[];
  readonly isOwnService: boolean;
}

export interface Authorization {
  readonly access: readonly Access[];
  /** What the rights were computed from, so that a registry can see them withdrawn. */
  readonly stamp: AccessStamp;
}

export interface Authorizer {
  authorize(request: AuthorizeRequest): Promise<Authorization>;
}

export interface AuthorizerDeps {
  readonly namespaces: Pick<NamespaceStore, 'accessOf' | 'idsOf'>;
  readonly settings: PolicySettings;
}

type RepositoryScope = Extract<Scope, { type: 'repository' }>;
type Namespaces = ReadonlyMap<string, NamespaceAccess | undefined>;

function grantOn(
  { namespaces, settings }: { namespaces: Namespaces; settings: PolicySettings },
  subject: Subject | undefined,
  scope: RepositoryScope,
): Access | undefined {
  const access = namespaces.get(RepositoryName.namespace(scope.name));
  const facts = { subject, access, settings };
  const actions = scope.actions.filter((action) => REPOSITORY_POLICY[action](facts));
  return actions.length === 0 ? undefined : { type: scope.type, name: scope.name, actions };
}

/** The namespaces of what was granted. An administrator's rights hang on none. */
function stampNamespaces(
  subject: Subject | undefined,
  granted: readonly RepositoryScope[],
  namespaces: Namespaces,
): Record<string, Stamp> {
  const stamps: Record<string, Stamp> = {};
  if (subject?.isAdmin === true) return stamps;
  for (const scope of granted) {
    const name = RepositoryName.namespace(scope.name);
    const namespace = namespaces.get(name)?.namespace;
    if (namespace !== undefined) stamps[name] = [namespace.id, namespace.generation];
  }
  return stamps;
}

export function createAuthorizer({ namespaces, settings }: AuthorizerDeps): Authorizer {
  async function load(subject: Subject | undefined, scopes: readonly RepositoryScope[]) {
    const found = new Map<string, NamespaceAccess | undefined>();
    for (const name of new Set(scopes.map((scope) => RepositoryName.namespace(scope.name)))) {
      found.set(name, await namespaces.accessOf(subject?.id, name));
    }
    return found;
  }

  async function catalogOf({ subject, scopes, isOwnService }: AuthorizeRequest) {
    if (!scopes.some((scope) => scope.type === 'registry')) return undefined;
    const ids = subject === undefined ? [] : await namespaces.idsOf(subject.id);
    return catalogFilter({ subject, settings, isOwnService }, ids);
  }

  return {
    async authorize(request) {
      const { subject, scopes } = request;
      const repositories = scopes.filter((scope) => scope.type === 'repository');
      const loaded = await load(subject, repositories);
      const catalog = await catalogOf(request);
      const granted: { scope: RepositoryScope; access: Access }[] = [];
      for (const scope of repositories) {
        const access = grantOn({ namespaces: loaded, settings }, subject, scope);
        if (access !== undefined) granted.push({ scope, access });
      }
      const access = granted.map((grant) => grant.access);
      if (catalog !== undefined) access.push({ type: 'registry', name: 'catalog', actions: ['*'] });
      return {
        access,
        stamp: {
          ...(subject === undefined ? {} : { subject: [subject.id, subject.generation] as const }),
          namespaces: stampNamespaces(
            subject,
            granted.map((grant) => grant.scope),
            loaded,
          ),
          ...(catalog === undefined ? {} : { catalog }),
        },
      };
    },
  };
}

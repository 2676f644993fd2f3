// Whether a request may go on. Missing access is always 401 with a challenge and never 403, since
// containerd and BuildKit ask for a wider token only then; and it is the same answer whether the
// repository exists or not.
import { type Access, DomainError, type RepositoryName, type UpstreamHost } from '@portolan/oci';
import type { Clock, RepositoryStore, UploadStore, WriteRight } from '@portolan/storage';
import { RegistryError } from '../registry-error.ts';
import {
  type ChallengeError,
  type ChallengeSettings,
  challengeOfView,
  formatChallenge,
} from './challenge.ts';
import { may, type VerifiedToken } from './verified-token.ts';
import type { VerifyToken } from './verify-token.ts';

/**
 * What a route asks of the token. `upload` is `push`, on an upload that exists already: there, an
 * expired token of the same subject still does.
 */
export type RepositoryAccess = 'pull' | 'push' | 'upload' | 'delete';
export type RegistryAccess = 'any-token' | 'catalog';

export interface AccessRequest {
  readonly authorization: string | undefined;
  readonly access: RepositoryAccess | RegistryAccess;
  /** The mirrored registry under whose names it came. */
  readonly view: UpstreamHost | undefined;
  /** Present on routes of a repository. */
  readonly repository: RepositoryName | undefined;
  /** The repository that a mount names in `from`. */
  readonly mountSource: RepositoryName | undefined;
  readonly uploadId: string;
}

export interface AccessDeps extends ChallengeSettings {
  readonly verify: VerifyToken;
  readonly uploads: UploadStore;
  readonly repositories: Pick<RepositoryStore, 'isInMirror'>;
  readonly clock: Clock;
  readonly uploadGraceMs: number;
  /** Whether the stamps in tokens are of our own token service, and so of this database. */
  readonly hasOwnStamps: boolean;
}

/** Does what was asked, on a right that the transaction asks about once more. */
export type Write<T> = (right: WriteRight | undefined) => Promise<T>;

/** A request that may go on. */
export interface Admission {
  readonly caller: VerifiedToken;
  /**
   * Asks again, once the body is there and before it takes effect: it may have taken hours, in which
   * the right was withdrawn. What is withdrawn only then, the transaction sees, with the same answer.
   * That the token has merely expired since does not matter.
   */
  readonly whileGranted: <T>(write: Write<T>) => Promise<T>;
}

export type RequireAccess = (request: AccessRequest) => Promise<Admission>;

const HINTS = {
  none: 'log in, or ask the token service named in WWW-Authenticate for a token',
  invalid_token: 'the token is expired, withdrawn or not from this token service: get a new one',
  insufficient_scope: 'ask for a token with this access; the token service decides who has it',
} as const;

const SCOPE_ACTIONS: Readonly<Record<RepositoryAccess, readonly string[]>> = {
  pull: ['pull'],
  push: ['pull', 'push'],
  upload: ['pull', 'push'],
  delete: ['delete'],
};

/** The scopes to ask for; clients take them over from the challenge. */
function wantedAccess({ access, repository, mountSource }: AccessRequest): Access[] {
  if (access === 'any-token') return [];
  if (access === 'catalog') return [{ type: 'registry', name: 'catalog', actions: ['*'] }];
  if (repository === undefined) return [];
  const wanted = [{ type: 'repository', name: repository, actions: SCOPE_ACTIONS[access] }];
  if (mountSource !== undefined && mountSource !== repository) {
    wanted.push({ type: 'repository', name: mountSource, actions: ['pull'] });
  }
  return wanted;
}

function isGranted(token: VerifiedToken, { access, repository }: AccessRequest): boolean {
  if (access === 'any-token') return true;
  if (access === 'catalog') return token.catalog !== undefined;
  if (repository === undefined) return false;
  return may(token, repository, access === 'upload' ? 'push' : access);
}

/** The token of a Bearer header; Basic and other schemes count as no token. */
function readBearer(authorization: string | undefined): string | undefined {
  if (authorization === undefined) return undefined;
  const space = authorization.indexOf(' ');
  if (space === -1 || authorization.slice(0, space).toLowerCase() !== 'bearer') return undefined;
  const token = authorization.slice(space + 1).trim();
  return token === '' ? undefined : token;
}

function isWithdrawn(error: unknown): boolean {
  return error instanceof DomainError && error.code === 'access-withdrawn';
}

export function createAccessControl(deps: AccessDeps): RequireAccess {
  function refuse(
    request: AccessRequest,
    error?: ChallengeError,
    message = 'authentication required',
  ): never {
    const wanted = wantedAccess(request);
    const settings = challengeOfView(deps, request.view);
    throw new RegistryError(
      'unauthorized',
      message,
      { access: wanted, hint: HINTS[error ?? 'none'] },
      { 'WWW-Authenticate': formatChallenge(settings, wanted, error) },
    );
  }

  /** Only who may pull learns that it is a mirror: to others it looks like what is not there. */
  async function refuseUngranted(token: VerifiedToken, request: AccessRequest): Promise<never> {
    const { access, repository } = request;
    const action = access === 'upload' ? 'push' : access;
    const isMirror =
      action === 'push' &&
      repository !== undefined &&
      may(token, repository, 'pull') &&
      (await deps.repositories.isInMirror(repository));
    const more = isMirror ? '; nobody may push to a mirror' : '';
    return refuse(request, 'insufficient_scope', `the token does not grant ${action}${more}`);
  }

  /**
   * Large layers outlast their token (reference authorization.md §4, pain 1). The grace is bound to
   * the subject that began this very upload, and the token's stamp has been checked.
   */
  async function mayFinishUpload(token: VerifiedToken, request: AccessRequest): Promise<boolean> {
    const { access, repository, uploadId } = request;
    if (access !== 'upload' || repository === undefined || token.subject === '') return false;
    const age = deps.clock() - token.issuedAt * 1000;
    if (age > deps.uploadGraceMs || !isGranted(token, request)) return false;
    return (await deps.uploads.find(repository, token.subject, uploadId)) !== undefined;
  }

  return async (request) => {
    const bearer = readBearer(request.authorization);
    if (bearer === undefined) return refuse(request);
    const verification = await deps.verify(bearer);
    if (verification.kind === 'invalid') return refuse(request, 'invalid_token');
    const { token } = verification;
    if (verification.kind === 'expired' && !(await mayFinishUpload(token, request))) {
      return refuse(request, 'invalid_token');
    }
    if (!isGranted(token, request)) return await refuseUngranted(token, request);
    return {
      caller: token,
      async whileGranted(write) {
        if ((await deps.verify(bearer)).kind === 'invalid') refuse(request, 'invalid_token');
        try {
          return await write(deps.hasOwnStamps ? token.stamp : undefined);
        } catch (error) {
          if (isWithdrawn(error)) refuse(request, 'invalid_token');
          throw error;
        }
      },
    };
  };
}

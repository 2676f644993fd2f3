// The stores and the rules on accounts, for the commands that manage them. A name that nobody has is
// answered with the nearest one that somebody has.
import type { Accounts } from '@portolan/auth';
import { DomainError, nearestName } from '@portolan/oci';
import type { Storage } from '@portolan/storage';
import type { CommandContext } from './context.ts';

type Named = readonly { readonly name: string }[];

async function knownNames(storage: Storage, detail: DomainError['detail']): Promise<string[]> {
  const { kind, team } = detail;
  let known: Named = [];
  if (kind === 'user') known = await storage.subjects.list();
  if (kind === 'team') known = await storage.teams.list();
  if (kind === 'namespace') known = await storage.namespaces.list();
  if (kind === 'upstream') {
    known = (await storage.upstreams.list()).map(({ host }) => ({ name: host }));
  }
  if (kind === 'member' && typeof team === 'string') {
    known = (await storage.teams.members(team)).map((member) => ({ name: member.subject }));
  }
  return known.map(({ name }) => name).filter((name) => name !== '');
}

async function withHint(storage: Storage, error: DomainError): Promise<DomainError> {
  const { name, kind } = error.detail;
  if (error.code !== 'not-found' || typeof name !== 'string') return error;
  const nearest = nearestName(name, await knownNames(storage, error.detail));
  const list = kind === 'member' ? 'team show' : `${String(kind)} list`;
  const hint =
    nearest === undefined
      ? `\`portolan ${list}\` shows those that there are`
      : `did you mean '${nearest}'?`;
  return new DomainError(error.code, error.message, { hint }, { cause: error });
}

/** What a `find` has not found. */
export function notFound(
  kind: 'user' | 'team' | 'namespace' | 'upstream',
  name: string,
): DomainError {
  return new DomainError('not-found', `there is no ${kind} '${name}'`, { kind, name });
}

/** For what has no rule of its own: reads and removals. */
export async function withStores<T>(
  context: CommandContext,
  work: (storage: Storage) => Promise<T>,
): Promise<T> {
  return await context.withStorage(async (storage) => {
    try {
      return await work(storage);
    } catch (error) {
      throw error instanceof DomainError ? await withHint(storage, error) : error;
    }
  });
}

export async function withAccounts<T>(
  context: CommandContext,
  work: (accounts: Accounts, storage: Storage) => Promise<T>,
): Promise<T> {
  // Loaded here, since it is half of the time that an answer takes.
  const { createAccounts, createPasswordHasher } = await import('@portolan/auth');
  return await withStores(context, (storage) => {
    const accounts = createAccounts({
      access: storage,
      hasher: createPasswordHasher(),
      randomId: context.randomId,
      actor: context.actor,
    });
    return work(accounts, storage);
  });
}

// The first start makes the administrator. A generated password is on disk before the user is in the
// database, so that a crash in between leaves nobody locked out.
import { createAccounts, generatePassword, type PasswordHasher } from '@portolan/auth';
import { DomainError } from '@portolan/oci';
import { type Storage, writeFileDurably } from '@portolan/storage';
import { existsSync } from 'node:fs';
import { setTimeout as delay } from 'node:timers/promises';
import { variableOf } from '../config/setting-table.ts';
import { SettingsError } from '../config/settings-problem.ts';

export const ADMINISTRATOR = 'admin';

export interface AdministratorDeps {
  readonly storage: Storage;
  readonly hasher: PasswordHasher;
  readonly randomId: () => string;
}

export interface Administrator {
  /** Made by this start. */
  readonly isNew: boolean;
  /** To be shown once; undefined on every later start, or when it was given. */
  readonly generatedPassword: string | undefined;
  /** Where the generated one is; undefined when it was given, or the file has been removed. */
  readonly passwordFile: string | undefined;
}

const LEASE = 'first-start';
const LEASE_MS = 30_000;

function refused(error: DomainError): SettingsError {
  const origin = { name: variableOf('admin_password'), place: 'first start' };
  return new SettingsError([{ origin, text: `${error.message}. Choose another one.` }]);
}

/** Returns the password when it was generated. */
async function create(
  deps: AdministratorDeps,
  given: string | undefined,
): Promise<string | undefined> {
  const { storage, hasher, randomId } = deps;
  const generated = given === undefined ? generatePassword(randomId) : undefined;
  if (generated !== undefined) {
    await writeFileDurably(storage.layout.adminPassword, `${generated}\n`, { mode: 0o600 });
  }
  const password = { kind: 'given', password: given ?? generated ?? '' } as const;
  const accounts = createAccounts({ access: storage, hasher, randomId, actor: 'system' });
  const request = { name: ADMINISTRATOR, isAdmin: true, password };
  await accounts.createUser(request).catch((error: unknown) => {
    throw error instanceof DomainError && error.code === 'password-refused'
      ? refused(error)
      : error;
  });
  return generated;
}

/** Whether there is a user yet: a server that just listens for the first time has none. */
export function createHasUsers({ subjects }: Pick<Storage, 'subjects'>): () => Promise<boolean> {
  let hasUsers = false;
  return async () => {
    hasUsers ||= (await subjects.list()).length > 0;
    return hasUsers;
  };
}

/** One of the processes that start together makes the user, the others wait for it. */
async function createOnce(deps: AdministratorDeps, given: string | undefined) {
  const { storage, randomId } = deps;
  const holder = randomId();
  const hasUsers = createHasUsers(storage);
  while (!(await hasUsers())) {
    if (!(await storage.leases.acquire(LEASE, holder, LEASE_MS))) {
      await delay(20);
      continue;
    }
    try {
      if (await hasUsers()) break;
      return { isNew: true, generatedPassword: await create(deps, given) };
    } finally {
      await storage.leases.release(LEASE, holder);
    }
  }
  return { isNew: false, generatedPassword: undefined };
}

export async function ensureAdministrator(
  deps: AdministratorDeps,
  given: string | undefined,
): Promise<Administrator> {
  const created = await createOnce(deps, given);
  const file = deps.storage.layout.adminPassword;
  return { ...created, passwordFile: existsSync(file) ? file : undefined };
}

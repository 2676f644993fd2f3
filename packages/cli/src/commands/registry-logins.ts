// Logins for a registry from the auth files of this machine; read once, when the first is needed.
import type { AuthFile, UpstreamCredentials, UpstreamRepository } from '@portolan/mirror';
import { DomainError } from '@portolan/oci';
import { readFile } from 'node:fs/promises';
import type { ContainerFiles } from '../config/container-files.ts';
import { readFailure } from '../terminal/file-failure.ts';
import type { Side, SyncRequest } from './sync-request.ts';

type FindLogin = (
  upstream: UpstreamRepository,
  side: Side,
) => Promise<UpstreamCredentials | undefined>;

/** As are the places of somebody else, whose variables this user has: there are no logins of this user. */
function isForbidden(error: unknown): boolean {
  return error instanceof Error && 'code' in error && error.code === 'EACCES';
}

async function readText(file: string, isNamed: boolean): Promise<string | undefined> {
  try {
    return await readFile(file, 'utf8');
  } catch (cause) {
    const { isMissing } = await import('@portolan/storage');
    if (!isNamed && (isMissing(cause) || isForbidden(cause))) return undefined;
    const { message, hint } = readFailure(file, cause);
    throw new DomainError('request-invalid', message, { hint }, { cause });
  }
}

export async function readAuthFiles(
  files: readonly string[],
  isNamed: boolean,
): Promise<readonly AuthFile[]> {
  const { parseAuthFile } = await import('@portolan/mirror');
  const texts = await Promise.all(
    files.map(async (file) => ({ file, text: await readText(file, isNamed) })),
  );
  return texts.flatMap(({ file, text }) => (text === undefined ? [] : [parseAuthFile(text, file)]));
}

export function createLoginFinder(
  { access }: Pick<SyncRequest, 'access'>,
  files: ContainerFiles,
): FindLogin {
  const read = new Map<Side, Promise<readonly AuthFile[]>>();
  const filesOf = (side: Side): Promise<readonly AuthFile[]> => {
    const known = read.get(side);
    if (known !== undefined) return known;
    const named = access[side].authFile;
    const reading =
      named === undefined
        ? readAuthFiles(files.authFiles, files.isAuthFileNamed)
        : readAuthFiles([named], true);
    read.set(side, reading);
    return reading;
  };
  return async (upstream, side) => {
    const { askCredentialHelper, findLogin } = await import('@portolan/mirror');
    for (const file of await filesOf(side)) {
      const login = await findLogin(file, upstream, askCredentialHelper);
      if (login !== undefined) return login;
    }
    return undefined;
  };
}

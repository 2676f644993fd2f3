// Writes the files of an engine below a directory, which is `/` or the root of an image. What was there
// is kept beside it, what is already right is left alone, and nothing is written before all is known to
// be writable as text. No link leads out of the directory.
import type { ConfigFile } from '@portolan/clients';
import { DomainError } from '@portolan/oci';
import { isVacant, writeFileDurably } from '@portolan/storage';
import { chmod, constants, copyFile, mkdir, readFile, realpath, stat } from 'node:fs/promises';
import { basename, dirname, join, relative, resolve } from 'node:path';

export interface InstalledFile {
  readonly path: string;
  readonly action: 'written' | 'unchanged' | 'replaced' | 'merged';
  /** What was there before. */
  readonly backup: string | undefined;
}

interface PlannedFile {
  readonly path: string;
  readonly text: string;
  readonly existing: string | undefined;
  readonly mode: number;
  readonly isMerged: boolean;
}

const FILE_MODE = 0o644;
const DIRECTORY_MODE = 0o755;

/** Where a path really is, as far as it exists. */
async function realPlace(path: string): Promise<string> {
  try {
    return await realpath(path);
  } catch (error) {
    if (!isVacant(error) || dirname(path) === path) throw error;
    return join(await realPlace(dirname(path)), basename(path));
  }
}

async function placeBelow(root: string, path: string): Promise<string> {
  const place = await realPlace(join(root, path));
  const steps = relative(root, place);
  if (!steps.startsWith('..')) return place;
  throw new DomainError('request-invalid', `${join(root, path)} leads out of ${root}`, {
    place,
    hint: 'remove the link, or install to the directory that it leads to',
  });
}

async function readExisting(path: string): Promise<{ text: string; mode: number } | undefined> {
  try {
    const [text, { mode }] = await Promise.all([readFile(path, 'utf8'), stat(path)]);
    // A file with a login in it stays as closed as it is.
    return { text, mode: mode & 0o777 };
  } catch (error) {
    if (isVacant(error)) return undefined;
    throw error;
  }
}

async function planFile(root: string, file: ConfigFile): Promise<PlannedFile> {
  const path = await placeBelow(root, file.path);
  const existing = await readExisting(path);
  const isMerged = existing !== undefined && file.merge !== undefined;
  return {
    path,
    text: isMerged ? file.merge(existing.text) : file.text,
    existing: existing?.text,
    mode: existing?.mode ?? FILE_MODE,
    isMerged,
  };
}

/** A place that two names lead to is written once. */
function withoutRepeated(planned: readonly PlannedFile[]): readonly PlannedFile[] {
  return planned.filter(
    ({ path, text }, index) =>
      !planned.slice(index + 1).some((later) => later.path === path && later.text === text),
  );
}

async function writePlanned(
  { path, text, existing, mode, isMerged }: PlannedFile,
  suffix: string,
): Promise<InstalledFile> {
  if (existing === text) return { path, action: 'unchanged', backup: undefined };
  await mkdir(dirname(path), { recursive: true, mode: DIRECTORY_MODE });
  const backup = existing === undefined ? undefined : `${path}.bak-${suffix}`;
  if (backup !== undefined) await copyFile(path, backup, constants.COPYFILE_EXCL);
  await writeFileDurably(path, text, { mode });
  // Engines run as other users, whatever the umask of this one is.
  await chmod(path, mode);
  if (existing === undefined) return { path, action: 'written', backup };
  return { path, action: isMerged ? 'merged' : 'replaced', backup };
}

export async function installFiles(
  files: readonly ConfigFile[],
  { directory, now }: { readonly directory: string; readonly now: number },
): Promise<readonly InstalledFile[]> {
  await mkdir(directory, { recursive: true });
  const root = await realpath(resolve(directory));
  const planned = withoutRepeated(await Promise.all(files.map((file) => planFile(root, file))));
  // 2026-08-02T20:17:37.123Z is 20260802T201737123Z in a file name.
  const suffix = new Date(now).toISOString().replaceAll(/[-:.]/g, '');
  const installed: InstalledFile[] = [];
  // Certificates come last in the list and first on the disk: nothing names a file that is not there.
  for (const file of planned.toReversed()) installed.unshift(await writePlanned(file, suffix));
  return installed;
}

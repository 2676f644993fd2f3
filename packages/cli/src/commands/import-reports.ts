// The report of an import as files: JSON for programs, HTML for people.
import type { ImportReport } from '@portolan/mirror';
import { DomainError } from '@portolan/oci';
import { access, constants, mkdir, rm, stat, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { formatBytes } from '../terminal/format-bytes.ts';

/** A link of that name, as on a stick that others have prepared, goes. */
async function writeAnew(file: string, text: string): Promise<void> {
  await rm(file, { force: true });
  await writeFile(file, text, { flag: 'wx' });
}

/** An import may be repeated, and each leaves its own; without `:`, which FAT32 refuses. */
function nameOf({ bundle, importedAt }: ImportReport): string {
  return `report-${importedAt.replaceAll(/[-:.]/g, '')}-${bundle}`;
}

async function isDirectory(path: string): Promise<boolean> {
  const found = await stat(path).catch(() => undefined);
  return found?.isDirectory() === true;
}

/**
 * Before anything is imported: whoever asks for a report shall not find afterwards that there is none. The
 * directory may be new, and not what it is in.
 * @throws DomainError `request-invalid`; what the operating system says of a place that may not be written to
 */
export async function checkReportPlace(directory: string): Promise<void> {
  const there = [directory, dirname(directory)];
  for (const path of there) {
    if (await isDirectory(path)) return access(path, constants.W_OK | constants.X_OK);
  }
  throw new DomainError('request-invalid', `there is no directory ${dirname(directory)}`, {
    hint: 'make it first, or name another one for the report with --report',
  });
}

/** Returns the file for people. */
export async function writeReports(directory: string, report: ImportReport): Promise<string> {
  const { formatReportHtml, formatReportJson } = await import('@portolan/mirror');
  if (!(await isDirectory(directory))) await mkdir(directory);
  const file = join(directory, nameOf(report));
  await writeAnew(`${file}.json`, formatReportJson(report));
  await writeAnew(`${file}.html`, formatReportHtml(report, formatBytes));
  return `${file}.html`;
}
